//go:build !lambda.norpc

package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/internal/doorway"
)

// errUsage is returned after a wrong use was explained on stderr.
var errUsage = errors.New("usage")

// errRefused is returned after an answer of 400 or more was printed.
var errRefused = errors.New("refused")

// command is one word after the program's name.
type command struct {
	name    string
	args    string
	summary string
	run     func(*program, []string) error
}

func commands() []command {
	return []command{
		{"serve", "[-port N] [-lambda N] [-door DOOR] [-watch] [-explain] [-identities FILE] [-data embedded|aws] [-dir DIR]", "serve on 127.0.0.1 behind a local front door: rest, http, url, alb, alb-multi; by default that of the API's kind", (*program).serve},
		{"routes", "", "list the routes, their functions, who may call them and Go lines, and the sites", (*program).routes},
		{"template", "[-format sam|cloudformation|terraform] [-yaml] [-code PATH|s3://BUCKET/KEY] [-functions declared|one] [-boundary NAME] [-unverified NAME]... [-out DIR]", "print the infrastructure: an AWS SAM template, one without SAM, or a Terraform module around that", (*program).template},
		{"package", "[-format sam|cloudformation|terraform] [-functions declared|one] [-yaml] [-boundary NAME] [-unverified NAME]... [-out DIR]", "build the function for Lambda, zip it, and write the template beside it, ready to deploy", (*program).packageApp},
		{"deployer", "[-stack NAME] [-boundary NAME] [-functions declared|one] [-api-logs] [-yaml] [-out DIR]", "print a template for an administrator: the boundary of all roles, and a role by which CloudFormation makes what this App has and no more", (*program).deployer},
		{"policy", "[-functions declared|one] [-json] [-explain ACTION] [-diff OLD.json [-fail]]", "print each role's IAM statements and the Go lines behind them, those of one action, or what has become wider", (*program).policy},
		{"site", "-bucket BUCKET [-delete] [-dry-run] [SITE]", "upload the files of a site that have changed, pages last", (*program).siteCommand},
		{"lint", "[-strict] [-json] [-ignore RULE[:ON]]...", "find what AWS takes and what will hurt: limits, lost records, loops, open doors, costs; fails on warnings", (*program).lint},
		{"invoke", "[-tenant ID] FUNCTION < EVENT.json", "run a function once with an event and print its answer", (*program).invoke},
		{"fire", "[-data embedded|aws] [-dir DIR] [-key KEY] NAME [< EVENT.json]", "run what works off a schedule, a rule, a topic of Kafka, a trigger of a directory or a delivery stream once, with what it is given", (*program).fire},
		{"send", "QUEUE|TOPIC|STREAM [-group G] [-dedup ID] [-delay TIME] [-subject TEXT] [-attr NAME=VALUE]... [-data embedded|aws] [-dir DIR] < MESSAGE", "send a message, which is checked first, in the serve that runs with the data of -dir, or in AWS", (*program).send},
		{"queue", "[QUEUE] [-bodies] [-dir DIR]", "show what the queues of the serve that runs have, and their dead-letter queues", (*program).queueCommand},
		{"redrive", "QUEUE [-dir DIR]", "move the messages of a dead-letter queue back, in the serve that runs", (*program).redrive},
		{"explain", "[-door DOOR] [-H 'Name: value']... [-d BODY|@FILE] [-json] METHOD PATH", "send one request through a local front door and print what each step made of it", (*program).explainRequest},
		{"secret", "set|list|remove|rotate [-dir DIR] [NAME] [< VALUE]", "set, list, remove or rotate the values that secrets have on this machine", (*program).secretCommand},
		{"user", "create|list|remove|token [-dir DIR] [-directory NAME] [NAME [ATTRIBUTE=VALUE]...]", "make, list or remove the users of a directory on this machine, or print a token of one", (*program).userCommand},
		{"migrate", "[-data embedded|aws] [-dry-run] [-owner-secret ARN] [DATABASE]", "apply the migrations of the databases, and give their users their rights", (*program).migrate},
		{"help", "", "print this list", (*program).help},
	}
}

func (p *program) help([]string) error {
	fmt.Fprintln(p.stdout, "Usage: go run . [command] [flags]")
	fmt.Fprintln(p.stdout)
	p.printCommands(p.stdout)
	return nil
}

func (p *program) printCommands(w io.Writer) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range commands() {
		fmt.Fprintf(tw, "  %s\t%s\n", strings.TrimSpace(c.name+" "+c.args), c.summary)
	}
	tw.Flush()
}

// parse reads flags; anything that is left over beyond positional is refused.
func (p *program) parse(name string, args []string, positional int, define func(*flag.FlagSet)) ([]string, error) {
	rest, err := p.parseUpTo(name, args, positional, define)
	if err == nil && len(rest) < positional {
		p.usage(name)
		return nil, errUsage
	}
	return rest, err
}

// parseUpTo is parse where those beyond the flags may be left out.
func (p *program) parseUpTo(name string, args []string, positional int, define func(*flag.FlagSet)) ([]string, error) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(p.stderr)
	flags.Usage = func() {
		p.usage(name)
		flags.PrintDefaults()
	}
	if define != nil {
		define(flags)
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, errUsage
	}
	if flags.NArg() > positional {
		p.usage(name)
		return nil, errUsage
	}
	return flags.Args(), nil
}

// usage prints how a command is used.
func (p *program) usage(name string) {
	for _, c := range commands() {
		if c.name == name {
			fmt.Fprintf(p.stderr, "usage: %s\n  %s\n", strings.TrimSpace(c.name+" "+c.args), c.summary)
		}
	}
}

// checked is the App, if nothing is wrong with it.
func (p *program) checked(data *datastore.Data) (*tier.App, error) {
	app, err := p.declare(data)
	if app == nil {
		return nil, err
	}
	if all := errors.Join(append([]error{err}, app.Check()...)...); all != nil {
		return nil, all
	}
	return app, nil
}

// maxEvent is what Lambda takes as the event of a synchronous invocation.
// See https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html.
const maxEvent = 6 << 20

func (p *program) invoke(args []string) error {
	opts := storeOptions{data: "embedded", dir: defaultDir}
	tenant := ""
	rest, err := p.parse("invoke", args, 1, func(f *flag.FlagSet) {
		opts.define(f)
		f.StringVar(&tenant, "tenant", "", "`id` of the tenant for whom a function with tier.TenantIsolation runs")
	})
	if err != nil {
		return err
	}
	event, err := p.readEvent()
	if err != nil {
		return err
	}
	data, app, err := p.openApp(opts)
	if err != nil {
		return err
	}
	defer data.close()
	f := app.FunctionNamed(rest[0])
	if f == nil {
		return fmt.Errorf("app %s has no function %q; see the command routes", app.Name(), rest[0])
	}
	ctx := context.Background()
	switch isolated := f.Tenancy() != nil; {
	case isolated && tenant == "":
		return fmt.Errorf("function %s is one per tenant; name one with -tenant", f.Name())
	case !isolated && tenant != "":
		return fmt.Errorf("-tenant: function %s is not one per tenant; leave -tenant out, or declare tier.TenantIsolation", f.Name())
	case isolated:
		ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{TenantID: tenant})
	}
	callees, err := data.callees.serve(app, nil)
	if err != nil {
		return err
	}
	defer callees.Close()
	return p.runOnce(ctx, f, event)
}

// openApp opens the data and declares the App on it.
func (p *program) openApp(opts storeOptions) (openedData, *tier.App, error) {
	data, err := p.openData(opts)
	if err != nil {
		return data, nil, err
	}
	app, err := p.checked(data.Data)
	if err == nil {
		err = data.takeTokens(app)
	}
	if err != nil {
		return data, nil, errors.Join(err, data.close())
	}
	return data, app, nil
}

// readEvent reads an event from the standard input.
func (p *program) readEvent() ([]byte, error) {
	event, err := io.ReadAll(io.LimitReader(p.stdin, maxEvent+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read event: %w", err)
	case len(event) > maxEvent:
		return nil, fmt.Errorf("read event: more than the %d bytes that Lambda takes", maxEvent)
	}
	return event, nil
}

// runOnce runs a function with an event and prints its answer.
func (p *program) runOnce(ctx context.Context, f *tier.Function, event []byte) error {
	h, with, err := doorway.Of(f, p.lookup)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.Timeout())
	defer cancel()
	answer, err := lambda.New(h, with).Stream(ctx, event)
	if err != nil {
		return fmt.Errorf("function error: %s", functionError(err))
	}
	defer answer.Close()
	return p.printAnswer(answer)
}

// functionError is a function error in words.
func functionError(err error) string {
	var e messages.InvokeResponse_Error
	if errors.As(err, &e) {
		return e.Type + ": " + e.Message
	}
	return err.Error()
}
