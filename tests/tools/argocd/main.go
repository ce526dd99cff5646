// Runs a config management plugin as Argo CD's cmp-server does, by its own code: reads CONFIG/plugin.yaml, runs
// `generate` in FOLDER with this program's environment, and prints the manifests as the server would send them.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/argoproj/argo-cd/v3/cmpserver/apiclient"
	"github.com/argoproj/argo-cd/v3/cmpserver/plugin"
	"github.com/sirupsen/logrus"
)

func main() {
	logrus.SetLevel(logrus.FatalLevel)
	config, err := plugin.ReadPluginConfig(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	env := []*apiclient.EnvEntry{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		env = append(env, &apiclient.EnvEntry{Name: name, Value: value})
	}
	service := plugin.NewService(plugin.CMPServerInitConstants{PluginConfig: *config})
	manifests, err := service.Generate(context.Background(), os.Args[2], env)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, manifest := range manifests {
		fmt.Printf("---\n%s\n", manifest)
	}
}
