// Goyaml reads a YAML stream and writes one JSON line a document, each value as
// sigs.k8s.io/yaml, and so Helm and kubectl, reads it.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "goyaml:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	buffered := bufio.NewWriterSize(out, 1<<16)
	// The reader of kubectl and Helm's kube client: it splits at lines that begin with `---`.
	documents := utilyaml.NewYAMLReader(bufio.NewReaderSize(in, 1<<16))
	for number := 1; ; number++ {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return buffered.Flush()
		}
		if err != nil {
			return err
		}
		value, err := yaml.YAMLToJSON(text)
		if err != nil {
			return fmt.Errorf("document %d: %w", number, err)
		}
		if bytes.Equal(bytes.TrimSpace(value), []byte("null")) {
			continue
		}
		buffered.Write(value)
		buffered.WriteByte('\n')
	}
}
