//go:build !lambda.norpc

package run

import (
	"encoding/json"
	"flag"
	"fmt"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

func (p *program) policy(args []string) error {
	asJSON := false
	if _, err := p.parse("policy", args, 0, func(f *flag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "print JSON")
	}); err != nil {
		return err
	}
	app, err := p.checked(datastore.New(nil, nil))
	if err != nil {
		return err
	}
	if asJSON {
		return p.policyJSON(app)
	}
	for i, r := range roles(app) {
		if i > 0 {
			fmt.Fprintln(p.stdout)
		}
		fmt.Fprintf(p.stdout, "%s (%s)\n", r.of, r.id)
		for _, s := range r.statements {
			fmt.Fprintf(p.stdout, "  %s %s\n     on %s\n", effect(s), strings.Join(s.Actions, ", "), s.Resource)
			for _, c := range s.Conditions {
				fmt.Fprintf(p.stdout, "     if %s %s %s\n", c.Operator, c.Key, strings.Join(c.Values, ", "))
			}
			for _, c := range s.Because {
				fmt.Fprintf(p.stdout, "    for %s  %s\n", c.What, c.At.RelativeTo(p.folder))
			}
		}
	}
	return nil
}

// role is one role of a function, or of what a function reaches a store by.
type role struct {
	of, id     string
	function   string // "" for none
	statements []policy.Statement
}

// roles are those of all functions, also of deployments: that of each, and that of its
// callers if it has one; and those of the proxies of databases.
func roles(app *tier.App) []role {
	var all []role
	for _, f := range append(app.Functions(), app.Deployments()...) {
		all = append(all, role{"function " + f.Name(), policy.RoleID(f), f.Name(), policy.Statements(f)})
		if callers := policy.CallerStatements(f); len(callers) > 0 {
			all = append(all, role{"callers of function " + f.Name(), policy.CallerRoleID(f), f.Name(), callers})
		}
	}
	for _, db := range policy.Proxied(app) {
		all = append(all, role{"proxy of sqldb " + db.Name(), policy.ProxyRoleID(db), "", policy.ProxyStatements(app, db)})
	}
	return all
}

func effect(s policy.Statement) string {
	if s.Deny {
		return "Deny"
	}
	return "Allow"
}

func (p *program) policyJSON(app *tier.App) error {
	type cause struct {
		Declaration string `json:"declaration"`
		Line        string `json:"line"`
	}
	type statement struct {
		Function   string                `json:"function,omitempty"`
		Role       string                `json:"role"`
		Effect     string                `json:"effect"`
		Actions    []string              `json:"actions"`
		Resource   string                `json:"resource"`
		Conditions []datastore.Condition `json:"conditions,omitempty"`
		Because    []cause               `json:"because"`
	}
	all := []statement{}
	for _, r := range roles(app) {
		for _, s := range r.statements {
			out := statement{r.function, r.id, effect(s), s.Actions, s.Resource, s.Conditions, nil}
			for _, c := range s.Because {
				out.Because = append(out.Because, cause{c.What, c.At.RelativeTo(p.folder)})
			}
			all = append(all, out)
		}
	}
	enc := json.NewEncoder(p.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(all)
}
