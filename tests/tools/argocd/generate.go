// Stands in a copy of github.com/argoproj/argo-cd/v3/cmpserver/plugin, whose generateManifest is its own alone.
package plugin

import (
	"context"

	"github.com/argoproj/argo-cd/v3/cmpserver/apiclient"
)

// Generate runs the plugin's `generate` in a folder.
func (s *Service) Generate(ctx context.Context, folder string, env []*apiclient.EnvEntry) ([]string, error) {
	response, err := s.generateManifest(ctx, folder, env)
	if err != nil {
		return nil, err
	}
	return response.Manifests, nil
}
