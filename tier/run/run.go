// Package run is the one door of a program: [Main] is AWS Lambda's loop in a
// function and a set of commands on a developer's machine.
//
//	func main() { run.Main(newApp, dynamotable.Driver) }
//
// With the build tag lambda.norpc, which AWS's own build line for Go sets, the
// program is the Lambda function and carries no tool and no embedded driver:
//
//	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -tags lambda.norpc,validator_novalidatefn -trimpath -ldflags=-s -o bootstrap .
//
// or GOARCH=amd64 for an App with tier.X86. The command package does that, too.
//
// Without it, the program serves itself on localhost (go run .) and prints what
// follows from the declaration (go run . help).
//
// In Lambda the Handler setting of the function, which arrives as _HANDLER,
// names the function of the App to serve, so that one binary is deployed as
// several functions; a container image, which has no such setting, names it in
// TIERKIT_FUNCTION. A program with one function needs neither.
package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// Main runs the application and does not return. The drivers are those that
// reach AWS, the first of a kind counts; on localhost the embedded drivers stand
// in for them unless "serve -data aws" asks otherwise.
//
// Mistakes of the declaration are printed all together, each with the Go file
// and line, and the program ends with status 1.
func Main(newApp func(*datastore.Data) *tier.App, drivers ...datastore.Driver) {
	p := &program{
		newApp: newApp, drivers: drivers,
		args: os.Args[1:], lookup: os.LookupEnv,
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
	}
	if _, file, _, ok := runtime.Caller(1); ok {
		p.folder = filepath.Dir(file)
	}
	os.Exit(p.main())
}

// program is one run of Main with everything it gets from outside.
type program struct {
	newApp         func(*datastore.Data) *tier.App
	drivers        []datastore.Driver
	args           []string
	lookup         func(string) (string, bool)
	stdin          io.Reader
	stdout, stderr io.Writer
	folder         string // of the main package; positions are relative to it
}

// declare runs newApp. The error joins the mistakes that showed on the way.
func (p *program) declare(data *datastore.Data) (app *tier.App, err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case *datastore.DeclarationError:
			err = errors.Join(append(data.Errs(), v)...)
		default:
			panic(v)
		}
	}()
	app = p.newApp(data)
	if app == nil {
		return nil, errors.New("newApp returned nil; return the *tier.App that it declares")
	}
	data.SetNamespace(app.Name())
	return app, errors.Join(data.Errs()...)
}

// explain is err with each Go line relative to the main package, one mistake a
// line, in the order of the lines.
func (p *program) explain(err error) string {
	var lines []string
	for _, e := range datastore.Mistakes(err) {
		var d *datastore.DeclarationError
		if errors.As(e, &d) && !d.At.IsZero() {
			lines = append(lines, d.At.RelativeTo(p.folder)+": "+d.Message)
			continue
		}
		lines = append(lines, e.Error())
	}
	return strings.Join(lines, "\n")
}

// chooseFunction is the function that the environment names.
func chooseFunction(app *tier.App, lookup func(string) (string, bool)) (*tier.Function, error) {
	variable := "TIERKIT_FUNCTION"
	name, ok := lookup(variable)
	if !ok {
		variable = "_HANDLER"
		name, _ = lookup(variable)
	}
	if f := app.Deployed(name); f != nil {
		return f, nil
	}
	if f := app.DeploymentNamed(name); f != nil {
		return f, nil
	}
	fns := app.Functions()
	if unnamed := name == "" || name == "bootstrap"; unnamed && len(fns) == 1 {
		return fns[0], nil
	}
	names := make([]string, len(fns))
	for i, f := range fns {
		names[i] = f.Entry()
	}
	slices.Sort(names)
	return nil, fmt.Errorf("%s is %q, which names no function of app %s; set the function's Handler to one of: %s",
		variable, name, app.Name(), strings.Join(names, ", "))
}
