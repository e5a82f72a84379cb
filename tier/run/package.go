//go:build !lambda.norpc

package run

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// codeFile is the zip beside the template that says where it is.
const codeFile = "bootstrap.zip"

// What Lambda and CloudFormation take, in bytes.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
// and https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const (
	maxDirectZip = 50 << 20
	maxUnzipped  = 250 << 20
	maxTemplate  = 1_000_000 // "1 MB"; the number is that of CloudFormation's own message
)

// packageApp builds the function, zips it and writes the template beside it. Nothing is
// written if something is wrong.
func (p *program) packageApp(args []string) error {
	opts := templateOptions{code: codeFile}
	out := ""
	if _, err := p.parse("package", args, 0, func(f *flag.FlagSet) {
		opts.defineForm(f)
		f.StringVar(&out, "out", "build", "`folder` to write the zip and the template to")
	}); err != nil {
		return err
	}
	if err := opts.check(); err != nil {
		return err
	}
	app, files, err := p.infrastructure(opts)
	if err != nil {
		return err
	}
	bootstrap, err := p.buildBootstrap(app)
	if err != nil {
		return err
	}
	code, err := zipBootstrap(bootstrap)
	if err != nil {
		return err
	}
	if err := checkSizes(len(bootstrap), nil); err != nil {
		return err
	}
	w := written{folder: out, form: opts.form, stack: app.Name(), sites: app.Sites(), template: opts.templateFile(), unzipped: len(bootstrap), files: maps.Clone(files)}
	w.files[codeFile] = code
	if err := writeFiles(out, w.files); err != nil {
		return err
	}
	w.print(p.stdout)
	return nil
}

// checkSizes refuses what no way of deploying takes.
func checkSizes(unzipped int, files map[string][]byte) error {
	var errs []error
	if unzipped > maxUnzipped {
		errs = append(errs, fmt.Errorf("the executable is %d bytes, and Lambda takes %d: divide the application into several, or drop what it links", unzipped, maxUnzipped))
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if n := len(files[name]); n > maxTemplate && name != template.TerraformFile {
			errs = append(errs, fmt.Errorf("%s is %d bytes, and CloudFormation takes %d: divide the application into several", name, n, maxTemplate))
		}
	}
	return errors.Join(errs...)
}

// infrastructureFiles are the files of a template in its form, in order of their names.
func infrastructureFiles(files map[string][]byte) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(files)), func(name string) bool { return name == codeFile })
}

// deployLines are the commands that deploy what was written.
func deployLines(form, folder, file, stack string) []string {
	at := func(name string) string { return quoted(path.Join(filepath.ToSlash(folder), name)) }
	deploy := " --stack-name " + stack + " --capabilities CAPABILITY_IAM"
	switch form {
	case "terraform":
		return []string{"terraform -chdir=" + at("") + " init", "terraform -chdir=" + at("") + " apply -var bucket=BUCKET"}
	case "cloudformation":
		return []string{
			"aws cloudformation package --template-file " + at(file) + " --s3-bucket BUCKET --output-template-file " + at("packaged.yaml"),
			"aws cloudformation deploy --template-file " + at("packaged.yaml") + " --s3-bucket BUCKET" + deploy,
		}
	}
	return []string{"sam deploy --template-file " + at(file) + " --resolve-s3" + deploy}
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	if !strings.ContainsFunc(word, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-:", r)
	}) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
