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

// StarterIdentities is the text of a first file of [Identities]: where something
// is signed with IAM, the user "developer", who has new keys and may call every
// route with IAM of the App, behind each front door, connect to its WebSocket APIs
// with IAM and call the @connections of those with an authorizer; and a value for
// each API key of its usage plans. Keys and values are drawn from random. It is a
// secret.
func StarterIdentities(app *tier.App, random io.Reader) ([]byte, error) {
	file := starterFile{Region: defaultRegion}
	allowed := starterPolicy(app)
	if allowed != nil {
		var drawn [8 + 30]byte
		if _, err := io.ReadFull(random, drawn[:]); err != nil {
			return nil, fmt.Errorf("draw keys: %w", err)
		}
		file.Users = []starterUser{{
			Name: "developer",
			// Not what AWS would draw, so that nobody takes it for a key of an account.
			AccessKeyID:     "AKIALOCAL" + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(drawn[:8])[:11],
			SecretAccessKey: base64.StdEncoding.EncodeToString(drawn[8:]),
			Policies:        []policyText{{policyVersion, allowed}},
		}}
	}
	for _, name := range keyNames(app) {
		var drawn [30]byte
		if _, err := io.ReadFull(random, drawn[:]); err != nil {
			return nil, fmt.Errorf("draw API key: %w", err)
		}
		file.APIKeys = append(file.APIKeys, starterKey{name, base64.RawURLEncoding.EncodeToString(drawn[:])})
	}
	text, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("identities: %w", err)
	}
	return append(text, '\n'), nil
}

// What a first file is made of.
type (
	starterFile struct {
		Region  string        `json:"region"`
		Users   []starterUser `json:"users,omitempty"`
		APIKeys []starterKey  `json:"apiKeys,omitempty"`
	}
	starterUser struct {
		Name            string       `json:"name"`
		AccessKeyID     string       `json:"accessKeyId"`
		SecretAccessKey string       `json:"secretAccessKey"`
		Policies        []policyText `json:"policies"`
	}
	starterKey struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	policyText struct {
		Version   string
		Statement []statementText
	}
	statementText struct {
		Effect   string
		Action   []string
		Resource []string
	}
)

// starterPolicy allows what is signed with IAM, nil for nothing.
func starterPolicy(app *tier.App) []statementText {
	var allowed []statementText
	add := func(actions, resources []string) {
		if len(resources) > 0 {
			allowed = append(allowed, statementText{"Allow", actions, resources})
		}
	}
	routes, functions := signedARNs(app)
	connects, manages := signedSocketARNs(app)
	add([]string{invokeAction}, append(routes, connects...))
	add(urlActions, functions)
	if allowed != nil {
		add([]string{manageAction}, manages)
	}
	return allowed
}

// signedSocketARNs are the ARNs of the handshakes with IAM, and of the @connections
// of the WebSocket APIs with an authorizer.
func signedSocketARNs(app *tier.App) (connects, manages []string) {
	for _, api := range app.WebSockets() {
		arn := socketARN(api, defaultRegion)
		switch a := api.Authorizer(); {
		case a == nil:
			continue
		case tier.IsIAM(a):
			connects = append(connects, arn+connectKey)
		}
		manages = append(manages, arn+"*/@connections/*")
	}
	return connects, manages
}

// keyNames are the names of the API keys of an App, each once.
func keyNames(app *tier.App) []string {
	var names []string
	for _, api := range app.APIs() {
		for _, name := range api.KeyNames() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
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
