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

// identities reads who may call. Where routes have IAM and there is no file, it
// writes a first one. Where nothing needs one, there may be none.
func (p *program) identities(app *tier.App, door *door, file identityFile) (*local.Identities, error) {
	path := cmp.Or(file.path, filepath.Join(file.dir, "identities.json"))
	ids, err := local.ReadIdentities(path)
	switch {
	case err == nil:
		if ids.Advice != "" {
			fmt.Fprintf(p.stdout, "identities: %s\n", ids.Advice)
		}
		return ids, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case signed(app) && (door == nil || !door.open):
		return p.firstIdentities(app, path)
	case file.path != "":
		return nil, fmt.Errorf("-identities: %w", err)
	}
	return &local.Identities{}, nil
}

// signed reports whether a route of the App has IAM.
func signed(app *tier.App) bool {
	return slices.ContainsFunc(app.APIs(), func(api *tier.API) bool {
		return slices.ContainsFunc(api.Authorizers(), tier.IsIAM)
	})
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
	fmt.Fprintf(p.stdout, "identities: wrote %s with the user developer, new keys, and a policy that allows every route with IAM; keep it out of version control\n", path)
	return local.ReadIdentities(path)
}

// announceCallers says who may call what, by access key ids. Secrets are in the
// file.
func (p *program) announceCallers(servers []server) {
	for _, s := range servers {
		if s.gateway == nil {
			continue
		}
		service, region := s.gateway.Signing()
		if service == "" {
			continue
		}
		what := "API " + s.api.Name()
		if s.function != nil {
			what = "function " + s.function.Name()
		}
		fmt.Fprintf(p.stdout, "%s: requests are signed for service %s in region %s by:\n", what, service, region)
		callers := s.gateway.Callers()
		if len(callers) == 0 {
			fmt.Fprintln(p.stdout, "  nobody; write users into the file of identities")
		}
		tw := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		for _, c := range callers {
			fmt.Fprintf(tw, "  %s\t%s\t%s\n", c.Name, c.AccessKey, reach(c))
		}
		tw.Flush()
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
