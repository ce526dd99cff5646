//go:build tools

// Package tools pins the Kyverno CLI that benchmarks run beside.
package tools

import _ "github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno"
