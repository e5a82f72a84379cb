//go:build !lambda.norpc

package run

import (
	"errors"
	"flag"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// deployer prints what an administrator deploys so that others can deploy the App.
func (p *program) deployer(args []string) error {
	var d template.Deployer
	out, yaml := "", false
	var count functionCount
	if _, err := p.parse("deployer", args, 0, func(f *flag.FlagSet) {
		f.StringVar(&d.Stack, "stack", "", "`name` of the stack; default that of the App")
		f.StringVar(&d.Boundary, "boundary", "", "`name` of the boundary's policy, as template -boundary has it; default boundary-of-STACK")
		f.BoolVar(&d.APILogs, "api-logs", false, "also set the role by which REST and WebSocket APIs of the account write logs")
		count.define(f)
		f.BoolVar(&yaml, "yaml", false, "YAML in place of JSON")
		f.StringVar(&out, "out", "", "`folder` to write the file to: deployer.json or deployer.yaml")
	}); err != nil {
		return err
	}
	app, err := p.deployed(count)
	if err != nil {
		return err
	}
	t, err := template.NewWith(app, &template.Options{Unverified: template.Unverified()})
	if err := errors.Join(err, p.checkDeployments(app)); err != nil {
		return err
	}
	if d.Stack == "" {
		d.Stack = app.Name()
	}
	text, notes, err := t.Deployer(d)
	if err != nil {
		return err
	}
	for _, note := range notes {
		fmt.Fprintf(p.stderr, "note: %s\n", note)
	}
	name := "deployer.json"
	if yaml {
		name = "deployer.yaml"
		if text, err = template.YAML(text); err != nil {
			return err
		}
	}
	if out != "" {
		return writeFiles(out, map[string][]byte{name: text})
	}
	_, err = p.stdout.Write(text)
	return err
}
