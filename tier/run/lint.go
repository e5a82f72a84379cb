//go:build !lambda.norpc

package run

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier/lint"
)

// errFound is returned after findings were printed that are to stop a pipeline.
var errFound = errors.New("findings")

// ignored are the findings that -ignore leaves out: "throttle" for all of a rule,
// "throttle:API orders" for those of one thing.
type ignored []string

func (i *ignored) String() string { return strings.Join(*i, ",") }

func (i *ignored) Set(text string) error {
	name, _, _ := strings.Cut(text, ":")
	if rules := lint.Rules(); !slices.Contains(rules, name) {
		return fmt.Errorf("no rule %q; there are %s", name, strings.Join(rules, ", "))
	}
	*i = append(*i, text)
	return nil
}

func (i ignored) has(f lint.Finding) bool {
	return slices.Contains(i, f.Rule) || slices.Contains(i, f.Rule+":"+f.On)
}

// lint prints what AWS takes and what will hurt.
func (p *program) lint(args []string) error {
	var ignore ignored
	asJSON, strict := false, false
	if _, err := p.parse("lint", args, 0, func(f *flag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "print JSON")
		f.BoolVar(&strict, "strict", false, "notes fail, too, and not only warnings")
		f.Var(&ignore, "ignore", "leave out a `rule`, or what it finds of one thing: RULE:ON; can be repeated")
	}); err != nil {
		return err
	}
	data := datastore.New(nil, nil)
	app, err := p.checked(data)
	if err != nil {
		return err
	}
	findings, err := lint.Check(app, data)
	if err != nil {
		return err
	}
	findings = slices.DeleteFunc(findings, ignore.has)
	if asJSON {
		err = p.findingsJSON(findings)
	} else {
		p.printFindings(findings)
	}
	if err == nil && slices.ContainsFunc(findings, func(f lint.Finding) bool { return strict || f.Level == lint.Warning }) {
		return errFound
	}
	return err
}

func (p *program) printFindings(findings []lint.Finding) {
	counts := map[lint.Level]int{}
	for _, f := range findings {
		counts[f.Level]++
		fmt.Fprintf(p.stdout, "%s: %s: %s: %s\n    fix: %s\n    see: %s (%s)\n",
			f.At.RelativeTo(p.folder), f.Level, f.On, f.Problem, f.Fix, f.Page, f.Rule)
	}
	fmt.Fprintf(p.stdout, "%s, %s\n", counted(counts[lint.Warning], "warning"), counted(counts[lint.Note], "note"))
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (p *program) findingsJSON(findings []lint.Finding) error {
	type finding struct {
		Rule    string     `json:"rule"`
		Level   lint.Level `json:"level"`
		On      string     `json:"on"`
		Line    string     `json:"line"`
		Problem string     `json:"problem"`
		Fix     string     `json:"fix"`
		Page    string     `json:"page"`
	}
	all := []finding{}
	for _, f := range findings {
		all = append(all, finding{f.Rule, f.Level, f.On, f.At.RelativeTo(p.folder), f.Problem, f.Fix, f.Page})
	}
	enc := json.NewEncoder(p.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(all)
}
