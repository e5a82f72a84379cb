//go:build !lambda.norpc

package run

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// policy prints the statements of all roles, or those of one action, or what has
// changed.
func (p *program) policy(args []string) error {
	asJSON, fail, action, before := false, false, "", ""
	var count functionCount
	if _, err := p.parse("policy", args, 0, func(f *flag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "print JSON")
		f.StringVar(&action, "explain", "", "the statements of an `action` alone: dynamodb:GetItem, or with *")
		f.StringVar(&before, "diff", "", "what is wider and narrower than in a `file` that -json wrote")
		count.define(f)
		f.BoolVar(&fail, "fail", false, "with -diff: fail if something is wider")
	}); err != nil {
		return err
	}
	switch {
	case before != "" && (asJSON || action != ""):
		return errors.New("-diff goes with neither -json nor -explain; leave them out")
	case fail && before == "":
		return errors.New("-fail is for -diff: write -diff FILE, too")
	}
	app, err := p.deployed(count)
	if err != nil {
		return err
	}
	roles := policy.Roles(app)
	if before != "" {
		return p.policyDiff(roles, before, fail)
	}
	list := statementsOf(roles, action)
	if asJSON {
		return p.policyJSON(list)
	}
	for i, s := range list {
		if first := i == 0 || list[i-1].role.ID != s.role.ID; first {
			if i > 0 {
				fmt.Fprintln(p.stdout)
			}
			fmt.Fprintf(p.stdout, "%s (%s)\n", s.role.Of, s.role.ID)
		}
		p.printStatement(s, action != "")
	}
	if len(list) == 0 && action != "" {
		fmt.Fprintf(p.stdout, "no role has a statement of %s\n", action)
		return errFound
	}
	return nil
}

// roleStatement is a statement and the role that has it, there at an index.
type roleStatement struct {
	role  policy.Role
	index int
	policy.Statement
}

// statementsOf are the statements of an action, which may have wildcards; of all for "".
func statementsOf(roles []policy.Role, action string) []roleStatement {
	var list []roleStatement
	for _, r := range roles {
		for i, s := range r.Statements {
			if action == "" || slices.ContainsFunc(s.Actions, func(a string) bool { return like(action, a) }) {
				list = append(list, roleStatement{r, i, s})
			}
		}
	}
	return list
}

// like reports whether an action is one of a pattern.
func like(pattern, action string) bool {
	matched, err := path.Match(strings.ToLower(pattern), strings.ToLower(action))
	return err == nil && matched
}

func (p *program) printStatement(s roleStatement, numbered bool) {
	number := ""
	if numbered {
		number = fmt.Sprintf("statement %d: ", s.index)
	}
	fmt.Fprintf(p.stdout, "  %s%s %s\n     on %s\n", number, effect(s.Deny), strings.Join(s.Actions, ", "), s.Resource)
	printConditions(p.stdout, s.Conditions)
	for _, c := range s.Because {
		fmt.Fprintf(p.stdout, "    for %s  %s\n", c.What, c.At.RelativeTo(p.folder))
	}
}

func printConditions(w io.Writer, conditions []datastore.Condition) {
	for _, c := range conditions {
		fmt.Fprintf(w, "     if %s %s %s\n", c.Operator, c.Key, strings.Join(c.Values, ", "))
	}
}

func effect(deny bool) string {
	if deny {
		return "Deny"
	}
	return "Allow"
}

// statementJSON is what -json writes and -diff reads.
type statementJSON struct {
	Function   string                `json:"function,omitempty"`
	Role       string                `json:"role"`
	Effect     string                `json:"effect"`
	Actions    []string              `json:"actions"`
	Resource   string                `json:"resource"`
	Conditions []datastore.Condition `json:"conditions,omitempty"`
	Because    []causeJSON           `json:"because"`
}

type causeJSON struct {
	Declaration string `json:"declaration"`
	Line        string `json:"line"`
}

func (p *program) policyJSON(list []roleStatement) error {
	all := []statementJSON{}
	for _, s := range list {
		out := statementJSON{s.role.Function, s.role.ID, effect(s.Deny), s.Actions, s.Resource, s.Conditions, nil}
		for _, c := range s.Because {
			out.Because = append(out.Because, causeJSON{c.What, c.At.RelativeTo(p.folder)})
		}
		all = append(all, out)
	}
	enc := json.NewEncoder(p.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(all)
}

// maxPolicies is how long a file of -diff may be.
const maxPolicies = 16 << 20

// policyDiff prints what a change makes wider, with its Go lines, and what narrower.
func (p *program) policyDiff(roles []policy.Role, file string, fail bool) error {
	before, err := readPolicies(file)
	if err != nil {
		return err
	}
	var after []policy.Permission
	for _, s := range statementsOf(roles, "") {
		after = append(after, s.Permissions(s.role.ID)...)
	}
	wider, narrower := policy.Wider(before, after), policy.Wider(after, before)
	for _, x := range wider {
		p.printPermission("wider", x)
		for _, c := range becauseOf(roles, x) {
			fmt.Fprintf(p.stdout, "    for %s  %s\n", c.What, c.At.RelativeTo(p.folder))
		}
	}
	for _, x := range narrower {
		p.printPermission("narrower", x)
	}
	fmt.Fprintf(p.stdout, "%d wider, %d narrower\n", len(wider), len(narrower))
	if fail && len(wider) > 0 {
		return errFound
	}
	return nil
}

func (p *program) printPermission(how string, x policy.Permission) {
	fmt.Fprintf(p.stdout, "%s: %s: %s %s\n     on %s\n", how, x.Role, effect(x.Deny), x.Action, x.Resource)
	printConditions(p.stdout, x.Conditions)
}

// becauseOf are the reasons for a permission, none for a Deny that is gone.
func becauseOf(roles []policy.Role, x policy.Permission) []policy.Cause {
	for _, s := range statementsOf(roles, "") {
		if s.role.ID == x.Role && s.Resource == x.Resource && s.Deny == x.Deny && slices.Contains(s.Actions, x.Action) {
			return s.Because
		}
	}
	return nil
}

// readPolicies reads what -json wrote.
func readPolicies(file string) ([]policy.Permission, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("-diff: %w; write one with: policy -json > %s", err, file)
	}
	defer f.Close()
	var list []statementJSON
	if err := json.NewDecoder(io.LimitReader(f, maxPolicies)).Decode(&list); err != nil {
		return nil, fmt.Errorf("-diff %s: %w; it must be what policy -json wrote", file, err)
	}
	var all []policy.Permission
	for i, s := range list {
		if s.Role == "" || s.Effect != "Allow" && s.Effect != "Deny" || len(s.Actions) == 0 || s.Resource == "" {
			return nil, fmt.Errorf("-diff %s: statement %d has no role, effect, actions or resource; it must be what policy -json wrote", file, i)
		}
		all = append(all, policy.Statement{Deny: s.Effect == "Deny", Actions: s.Actions, Resource: s.Resource, Conditions: s.Conditions}.Permissions(s.Role)...)
	}
	return all, nil
}
