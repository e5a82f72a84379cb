//go:build !lambda.norpc

package run

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// templateOptions are the flags that say what a template is printed as.
type templateOptions struct {
	form      string
	functions functionCount
	code      string
	boundary  string
	yaml      bool
	// names of what the template may have untried
	unverified []string
}

func (o *templateOptions) define(f *flag.FlagSet) {
	o.defineForm(f)
	f.StringVar(&o.code, "code", codeFile, "`path` of the zip with the executable bootstrap, from the template's folder, or s3://BUCKET/KEY")
}

// defineForm are the flags but for that of the code, which package makes itself.
func (o *templateOptions) defineForm(f *flag.FlagSet) {
	f.StringVar(&o.form, "format", "sam", "`form`: sam, cloudformation or terraform")
	f.StringVar(&o.boundary, "boundary", "", "`name` of the managed policy that bounds every role, see the command deployer")
	o.functions.define(f)
	f.Func("unverified", "have `NAME` in the template, which nobody of this project has tried on AWS: "+strings.Join(template.Unverified(), ", "), func(name string) error {
		if !slices.Contains(template.Unverified(), name) {
			return errors.New("write one of: " + strings.Join(template.Unverified(), ", "))
		}
		o.unverified = append(o.unverified, name)
		return nil
	})
	f.BoolVar(&o.yaml, "yaml", false, "YAML in place of JSON")
}

func (o *templateOptions) check() error {
	switch {
	case o.form != "sam" && o.form != "cloudformation" && o.form != "terraform":
		return fmt.Errorf("-format %q: write sam, cloudformation or terraform", o.form)
	case o.form == "terraform" && o.yaml:
		return errors.New("-yaml: Terraform reads JSON; leave -yaml out")
	case o.form == "terraform" && strings.HasPrefix(o.code, "s3://"):
		return errors.New("-code: the module uploads the zip itself; write its path")
	case o.code == "" || strings.HasPrefix(o.code, "s3://") && !objectAddress.MatchString(o.code):
		return fmt.Errorf("-code %q: write the path of the zip, or s3://BUCKET/KEY", o.code)
	}
	return nil
}

// objectAddress is where an object of S3 is.
var objectAddress = regexp.MustCompile(`^s3://[a-z0-9][a-z0-9.-]+/.+$`)

// files are the template in its form, by name of file.
func (o *templateOptions) files(t *template.Template) (map[string][]byte, error) {
	if o.form == "terraform" {
		return t.Terraform(o.code), nil
	}
	text := t.SAM
	if o.form == "cloudformation" {
		text = t.CloudFormation
	}
	if !o.yaml {
		return map[string][]byte{o.templateFile(): text(o.code)}, nil
	}
	rendered, err := template.YAML(text(o.code))
	return map[string][]byte{o.templateFile(): rendered}, err
}

// template prints the infrastructure, or writes it as files.
func (p *program) template(args []string) error {
	var opts templateOptions
	out := ""
	if _, err := p.parse("template", args, 0, func(f *flag.FlagSet) {
		opts.define(f)
		f.StringVar(&out, "out", "", "`folder` to write files to: template.json, template.yaml or those of a Terraform module")
	}); err != nil {
		return err
	}
	if err := opts.check(); err != nil {
		return err
	}
	if opts.form == "terraform" && out == "" {
		return errors.New("-format terraform makes several files; name their folder with -out")
	}
	_, files, err := p.infrastructure(opts)
	if err != nil {
		return err
	}
	if out != "" {
		return writeFiles(out, files)
	}
	for _, text := range files {
		if _, err := p.stdout.Write(text); err != nil {
			return err
		}
	}
	return nil
}

// infrastructure is the App and the files of its template, by their names.
func (p *program) infrastructure(opts templateOptions) (*tier.App, map[string][]byte, error) {
	app, err := p.deployed(opts.functions)
	if err != nil {
		return nil, nil, err
	}
	sums, err := p.codeSums(app)
	if err != nil {
		return nil, nil, err
	}
	t, err := template.NewWith(app, &template.Options{Code: sums, Unverified: opts.unverified})
	if err := errors.Join(err, p.checkDeployments(app)); err != nil {
		return nil, nil, err
	}
	if opts.boundary != "" {
		if t, err = t.Bounded(opts.boundary); err != nil {
			return nil, nil, fmt.Errorf("-boundary: %w", err)
		}
	}
	if opts.functions == "one" { // lint looks at those that are declared
		p.noteFullRoles(app, t)
	}
	p.warnDriverless(app)
	p.noteMigrations(app)
	files, err := opts.files(t)
	return app, files, errors.Join(err, checkSizes(0, files))
}

func writeFiles(folder string, files map[string][]byte) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
