//go:build !lambda.norpc

package run

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// identityFile is where those are written who may call.
type identityFile struct {
	path string // as asked for, "" for the default
	dir  string // of the default
}

// name of the file.
func (f identityFile) name() string {
	return cmp.Or(f.path, filepath.Join(f.dir, "identities.json"))
}

// whoCalls reads who may call, and lets users of directories on this machine be among
// them.
func (p *program) whoCalls(app *tier.App, data openedData, door string, file identityFile) (*local.Identities, error) {
	ids, err := p.identities(app, doorNamed(door), file)
	if err != nil {
		return nil, err
	}
	return ids, errors.Join(data.takeTokens(app), data.localKeys(app, ids, file))
}

// identities reads who may call. Where something is signed or asks for an API key
// and there is no file, it writes a first one. Where nothing needs one, there may be
// none.
func (p *program) identities(app *tier.App, door *door, file identityFile) (*local.Identities, error) {
	path := file.name()
	ids, err := local.ReadIdentities(path)
	switch {
	case err == nil:
		if ids.Advice != "" {
			fmt.Fprintf(p.stdout, "identities: %s\n", ids.Advice)
		}
		return ids, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case identified(app, door):
		return p.firstIdentities(app, path)
	case file.path != "":
		return nil, fmt.Errorf("-identities: %w", err)
	}
	return &local.Identities{}, nil
}

// identified reports whether somebody must be known for the App to be called behind
// the door: who signs, or who has an API key.
func identified(app *tier.App, door *door) bool {
	return slices.ContainsFunc(app.WebSockets(), func(w *tier.WebSocket) bool { return tier.IsIAM(w.Authorizer()) }) ||
		slices.ContainsFunc(app.APIs(), func(api *tier.API) bool {
			signed := slices.ContainsFunc(api.Authorizers(), tier.IsIAM) && (door == nil || !door.open)
			return signed || asksKeys(api, door)
		})
}

// asksKeys reports whether an API asks for API keys behind the door, as a REST API
// does.
func asksKeys(api *tier.API, door *door) bool {
	return len(api.KeyNames()) > 0 && (door == nil || door.name == "rest")
}

// firstIdentities writes a file with one user, which only its owner can read.
func (p *program) firstIdentities(app *tier.App, path string) (*local.Identities, error) {
	text, err := local.StarterIdentities(app, rand.Reader)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("identities: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("identities: %w", err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		// Half a file would be in the way of the next start.
		return nil, fmt.Errorf("identities: %w", errors.Join(err, os.Remove(path)))
	}
	ids, err := local.ReadIdentities(path)
	if err != nil {
		return nil, err
	}
	var what []string
	if len(ids.Callers) > 0 {
		what = append(what, "the user developer, new keys, and a policy that allows every route with IAM")
	}
	if names := keyNames(ids); len(names) > 0 {
		what = append(what, "a new value for each API key: "+strings.Join(names, ", "))
	}
	fmt.Fprintf(p.stdout, "identities: wrote %s with %s; keep it out of version control\n", path, strings.Join(what, "; and "))
	return ids, nil
}

// keyNames are the names of the API keys that somebody has.
func keyNames(ids *local.Identities) []string {
	var names []string
	for _, k := range ids.APIKeys {
		names = append(names, k.Name)
	}
	return names
}

// announceCallers says who may call what, by access key ids and by the names of API
// keys. Secrets are in the file.
func (p *program) announceCallers(servers []server, ids *local.Identities, file identityFile) {
	for _, s := range servers {
		switch {
		case s.socket != nil:
			p.announceConnecting(s.socket)
		case s.gateway != nil:
			what := "API " + s.api.Name()
			if s.function != nil {
				what = "function " + s.function.Name()
			}
			if service, region := s.gateway.Signing(); service != "" {
				fmt.Fprintf(p.stdout, "%s: requests are signed for service %s in region %s by:\n", what, service, region)
				p.printCallers(s.gateway.Callers())
			}
			p.announceKeys(s, ids, file)
			p.announceIssuers(s, ids, file)
		}
	}
}

func (p *program) printCallers(callers []local.Caller) {
	if len(callers) == 0 {
		fmt.Fprintln(p.stdout, "  nobody; write users into the file of identities")
	}
	tw := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, c := range callers {
		fmt.Fprintf(tw, "  %s\t%s\t%s\n", c.Name, c.AccessKey, reach(c))
	}
	tw.Flush()
}

// announceConnecting says who is asked before a handshake and a call of @connections.
func (p *program) announceConnecting(s *socketServer) {
	what := "WebSocket API " + s.api.Name()
	switch a := s.api.Authorizer(); {
	case a == nil:
		fmt.Fprintf(p.stdout, "%s: everybody may connect\n", what)
	case !tier.IsIAM(a):
		fmt.Fprintf(p.stdout, "%s: authorizer %s is asked about each handshake\n", what, a.Name())
	}
	service, region := s.gateway.Signing()
	if service == "" {
		fmt.Fprintf(p.stdout, "%s: @connections is open to every program of this machine; in AWS its calls are signed\n", what)
		return
	}
	signed := "calls of @connections"
	if tier.IsIAM(s.api.Authorizer()) {
		signed = "handshakes and calls of @connections"
	}
	fmt.Fprintf(p.stdout, "%s: %s are signed for service %s in region %s by:\n", what, signed, service, region)
	p.printCallers(s.gateway.Callers())
}

// announceKeys names the API keys of a REST API, and those that nobody has.
func (p *program) announceKeys(s server, ids *local.Identities, file identityFile) {
	if !asksKeys(s.api, s.door) {
		return
	}
	have := keyNames(ids)
	var known, unknown []string
	for _, name := range s.api.KeyNames() {
		if slices.Contains(have, name) {
			known = append(known, name)
		} else {
			unknown = append(unknown, name)
		}
	}
	if len(known) > 0 {
		fmt.Fprintf(p.stdout, "API %s: API keys %s; their values are in %s\n", s.api.Name(), strings.Join(known, ", "), file.name())
	}
	if len(unknown) > 0 {
		fmt.Fprintf(p.stdout, "API %s: nobody has the API keys %s; write each with a name and a value into \"apiKeys\" of %s\n",
			s.api.Name(), strings.Join(unknown, ", "), file.name())
	}
}

// announceIssuers says where the keys of those come from who issue tokens.
func (p *program) announceIssuers(s server, ids *local.Identities, file identityFile) {
	if s.function != nil {
		return
	}
	for _, a := range s.api.Authorizers() {
		var from string
		switch a := a.(type) {
		case *tier.JWTAuthorizer:
			from = a.Settings().Issuer
		case *tier.CognitoAuthorizer:
			from = strings.Join(a.Settings().Pools, ", ")
		default:
			continue
		}
		given := ids.Issuers[a.Name()]
		if given.Directory != "" {
			fmt.Fprintf(p.stdout, "API %s: authorizer %s takes the tokens of users of directory %s on this machine; write: go run . user token NAME\n", s.api.Name(), a.Name(), given.Directory)
			continue
		}
		if given.JWKS != "" {
			fmt.Fprintf(p.stdout, "API %s: authorizer %s takes the tokens of %s by the keys at %s, as %s says\n", s.api.Name(), a.Name(), from, given, file.name())
			continue
		}
		fmt.Fprintf(p.stdout, "API %s: authorizer %s fetches the keys of %s when the first token comes\n", s.api.Name(), a.Name(), from)
	}
}

// reach says what a caller may do.
func reach(c local.Caller) string {
	if !c.Expires.IsZero() && !time.Now().Before(c.Expires) {
		return "ended at " + c.Expires.Format(time.RFC3339)
	}
	var parts []string
	if len(c.May) > 0 {
		parts = append(parts, "may call "+strings.Join(c.May, ", "))
	}
	if len(c.MayNot) > 0 {
		parts = append(parts, "not, or not all of "+strings.Join(c.MayNot, ", "))
	}
	return strings.Join(parts, "; ")
}
