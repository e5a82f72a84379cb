//go:build !lambda.norpc

package run

import (
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// functionCount says whether there is a Lambda function for each that is declared.
type functionCount string

func (c *functionCount) define(f *flag.FlagSet) {
	f.StringVar((*string)(c), "functions", "declared", "`how` many: declared, or one for all that can be one")
}

// deployed is the App with the functions that there are in AWS. It says which stay apart
// where one was asked for.
func (p *program) deployed(count functionCount) (*tier.App, error) {
	if count != "declared" && count != "one" {
		return nil, fmt.Errorf("-functions %q: write declared or one", string(count))
	}
	app, err := p.checked(datastore.New(nil, nil))
	if err != nil || count != "one" {
		return app, err
	}
	apart := app.Join()
	if err := errors.Join(app.Check()...); err != nil {
		return nil, fmt.Errorf("-functions one: %w", err)
	}
	for _, f := range app.Functions() {
		var names []string
		for _, m := range f.Joined() {
			names = append(names, m.Name())
		}
		if names != nil {
			fmt.Fprintf(p.stderr, "note: function %s is one for %s: each may do in AWS what any of them may\n", f.Name(), strings.Join(names, ", "))
		}
	}
	for _, a := range apart {
		fmt.Fprintf(p.stderr, "note: function %s stays apart: %s (%s)\n", a.Function.Name(), a.Why, a.Function.At().RelativeTo(p.folder))
	}
	return app, nil
}

// noteFullRoles says which roles IAM may find too long.
func (p *program) noteFullRoles(app *tier.App, t *template.Template) {
	for _, role := range t.RoleSizes() {
		if role.Most > template.MaxRolePolicy {
			fmt.Fprintf(p.stderr, "note: the policies in the role of %s can have %d characters, and IAM takes %d: if the deployment fails by that, deploy without -functions one\n",
				policy.Bearer(app, role.ID), role.Most, template.MaxRolePolicy)
		}
	}
}
