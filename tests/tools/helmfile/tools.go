//go:build tools

// Package tools pins the helmfile that the end-to-end tests run.
package tools

import _ "github.com/helmfile/helmfile"
