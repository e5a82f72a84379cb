package local

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// StarterIdentities is the text of a first file of [Identities]: the user
// "developer", who has new keys, drawn from random, and may call every route with
// IAM of the App, behind each front door. It is a secret.
func StarterIdentities(app *tier.App, random io.Reader) ([]byte, error) {
	var drawn [8 + 30]byte
	if _, err := io.ReadFull(random, drawn[:]); err != nil {
		return nil, fmt.Errorf("draw keys: %w", err)
	}
	type statement struct {
		Effect   string
		Action   []string
		Resource []string
	}
	type policy struct {
		Version   string
		Statement []statement
	}
	type user struct {
		Name            string   `json:"name"`
		AccessKeyID     string   `json:"accessKeyId"`
		SecretAccessKey string   `json:"secretAccessKey"`
		Policies        []policy `json:"policies"`
	}
	type file struct {
		Region string `json:"region"`
		Users  []user `json:"users"`
	}
	developer := user{
		Name: "developer",
		// Not what AWS would draw, so that nobody takes it for a key of an account.
		AccessKeyID:     "AKIALOCAL" + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(drawn[:8])[:11],
		SecretAccessKey: base64.StdEncoding.EncodeToString(drawn[8:]),
		Policies:        []policy{},
	}
	routes, functions := signedARNs(app)
	var allowed []statement
	if len(routes) > 0 {
		allowed = append(allowed, statement{"Allow", []string{"execute-api:Invoke"}, routes})
	}
	if len(functions) > 0 {
		allowed = append(allowed, statement{"Allow", urlActions, functions})
	}
	if allowed != nil {
		developer.Policies = append(developer.Policies, policy{policyVersion, allowed})
	}
	text, err := json.MarshalIndent(file{defaultRegion, []user{developer}}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("identities: %w", err)
	}
	return append(text, '\n'), nil
}

const policyVersion = "2012-10-17"

// signedARNs are the ARNs of the routes with IAM, in the stages of the front
// doors, and of their functions.
func signedARNs(app *tier.App) (routes, functions []string) {
	for _, api := range app.APIs() {
		for _, r := range api.Routes() {
			if a := r.Authorizer(); a == nil || !tier.IsIAM(a) {
				continue
			}
			for _, stage := range stagesServed(api) {
				routes = append(routes, apiARN(api, defaultRegion, stage)+routeARN(r))
			}
			if f := invokeARN(r.Function(), defaultRegion); !slices.Contains(functions, f) {
				functions = append(functions, f)
			}
		}
	}
	for _, f := range app.Functions() {
		u, arn := f.URL(), invokeARN(f, defaultRegion)
		if u != nil && u.Auth == tier.URLIAM && !slices.Contains(functions, arn) {
			functions = append(functions, arn)
		}
	}
	return routes, functions
}

// stagesServed are the names that the stages of an API may have here: its own,
// and the usual ones of the front doors that can stand for it.
func stagesServed(api *tier.API) []string {
	names := []string{tier.DefaultStage, tier.RootStage}
	for _, s := range api.DeployedStages() {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}
