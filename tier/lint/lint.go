// Package lint finds what AWS takes and what will hurt: limits that a declaration is
// about to meet, records that can be lost, loops, doors that are open, and what costs
// while nobody calls. What AWS refuses is a mistake of the declaration, which
// [tier.App.Check] finds.
package lint

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// Level says how much a finding matters.
type Level string

// The levels.
const (
	// Warning is what fails, loses something or lets somebody in.
	Warning Level = "warning"
	// Note is what costs, or what somebody should have decided.
	Note Level = "note"
)

// Finding is one thing found in a declaration.
type Finding struct {
	Rule    string // "dead-letter"; [Rules] has them all
	Level   Level
	On      string             // what it is about: "queue jobs"
	At      datastore.Position // the line to change
	Problem string
	Fix     string
	Page    string // of AWS, that says so
}

// rule looks for one kind of finding.
type rule struct {
	name  string
	level Level
	page  string
	find  func(*declaration)
}

// rules in the order in which they are run.
var rules = []rule{
	{"payload-in", Warning, lambdaLimits, bodies},
	{"payload-out", Note, lambdaLimits, answers},
	{"payload-record", Warning, "https://docs.aws.amazon.com/streams/latest/dev/large-records.html", largeRecords},
	{"timeout-call", Warning, "https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html", calls},
	{"timeout-gateway", Warning, "https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html", lastMoments},
	{"timeout-batch", Warning, "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html", batches},
	{"schedule-overlap", Note, "https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html", overlaps},
	{"visibility", Warning, "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html", hidden},
	{"retention", Warning, "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html", forgotten},
	{"dead-letter", Warning, "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html", givenUp},
	{"endless-retries", Warning, "https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html", endless},
	{"loop", Warning, "https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html", loops},
	{"connections", Warning, "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.html", connections},
	{"open", Note, "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html", openRoutes},
	{"open-url", Warning, "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html", openURLs},
	{"open-cache", Warning, "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html", openCaches},
	{"open-cors", Note, "https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-cors.html", anyOrigin},
	{"site-signed", Note, "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/controlling-origin-requests.html", signedThroughSites},
	{"site-address", Warning, "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html", addressesThroughSites},
	{"site-headers", Warning, "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html", bareSites},
	{"throttle", Note, "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html", unthrottled},
	{"access-log", Note, "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html", unlogged},
	{"unencrypted", Warning, "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html", plainCaches},
	{"wildcard", Warning, "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege", wildcards},
	{"quota-role", Warning, "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html", fullRoles},
	{"quota-gateway", Warning, "https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html", beyondQuotas},
	{"quota-stack", Note, "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html", fullStacks},
	{"authorizer-cost", Note, "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html", askedEachTime},
	{"endpoint-cost", Note, "https://aws.amazon.com/privatelink/pricing/", endpoints},
	{"nat-cost", Note, "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-pricing.html", throughNAT},
	{"idle-cost", Note, "https://docs.aws.amazon.com/cost-management/latest/userguide/what-is-costmanagement.html", idle},
}

const lambdaLimits = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"

// Rules are the names of all rules.
func Rules() []string {
	names := make([]string, len(rules))
	for i, r := range rules {
		names[i] = r.name
	}
	return names
}

// Check runs every rule over a declaration: findings in the order of their files and
// lines. data is what app was declared with. The error joins the mistakes of the
// declaration; there are no findings then.
func Check(app *tier.App, data *datastore.Data) ([]Finding, error) {
	made, err := template.NewWith(app, &template.Options{Unverified: template.Unverified()})
	if err != nil {
		return nil, err
	}
	d := &declaration{app: app, data: data, template: made}
	for _, d.rule = range rules {
		d.rule.find(d)
	}
	slices.SortStableFunc(d.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.At.File, b.At.File), cmp.Compare(a.At.Line, b.At.Line))
	})
	return d.findings, nil
}

// declaration is what the rules look at, and what they found.
type declaration struct {
	app      *tier.App
	data     *datastore.Data
	template *template.Template
	rule     rule
	findings []Finding
}

// found records a finding of the rule that runs.
func (d *declaration) found(on string, at datastore.Position, fix, problem string, args ...any) {
	d.findings = append(d.findings, Finding{
		Rule: d.rule.name, Level: d.rule.level, On: on, At: at,
		Problem: fmt.Sprintf(problem, args...), Fix: fix, Page: d.rule.page,
	})
}

// functions are all, those of deployments too.
func (d *declaration) functions() []*tier.Function {
	return append(d.app.Functions(), d.app.Deployments()...)
}

// store names a store in messages, and is the line of its declaration.
func (d *declaration) store(spec datastore.Spec) (name string, at datastore.Position) {
	return spec.Kind() + " " + spec.Name(), d.data.DeclaredAt(spec)
}

// triggers are those of all functions.
func (d *declaration) triggers() []*tier.Trigger {
	var all []*tier.Trigger
	for _, f := range d.app.Functions() {
		all = append(all, f.Triggers()...)
	}
	return all
}

func function(f *tier.Function) string { return "function " + f.Name() }
