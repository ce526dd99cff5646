//go:build tools

// Package tools pins the kustomize that benchmarks are measured against.
package tools

import _ "sigs.k8s.io/kustomize/kustomize/v5"
