// Puts streams through the post-renderers of a HelmRelease, by helm-controller's own code. That code is internal
// to its module, so the Makefile builds this inside a copy of it.
//
// Reads one JSON object a line, {"release": "<YAML>", "stream": "<YAML>"}, and answers each with a line:
// {"text": "<YAML>"} or {"error": "<what went wrong>"}.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"log"
	"os"

	v2 "github.com/fluxcd/helm-controller/api/v2"
	"github.com/fluxcd/helm-controller/internal/postrender"
	"sigs.k8s.io/yaml"
)

type question struct {
	Release string `json:"release"`
	Stream  string `json:"stream"`
}

type answer struct {
	Text  string `json:"text,omitempty"`
	Error string `json:"error,omitempty"`
}

func render(asked question) answer {
	release := v2.HelmRelease{}
	if err := yaml.UnmarshalStrict([]byte(asked.Release), &release); err != nil {
		return answer{Error: "HelmRelease: " + err.Error()}
	}
	rendered, err := postrender.BuildPostRenderers(&release).Run(bytes.NewBufferString(asked.Stream))
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Text: rendered.String()}
}

func main() {
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	out := bufio.NewWriter(os.Stdout)
	for {
		asked := question{}
		if err := in.Decode(&asked); err == io.EOF {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		if err := json.NewEncoder(out).Encode(render(asked)); err != nil {
			log.Fatal(err)
		}
		if err := out.Flush(); err != nil {
			log.Fatal(err)
		}
	}
}
