//go:build !lambda.norpc

package run

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
)

func (p *program) routes(args []string) error {
	if _, err := p.parse("routes", args, 0, nil); err != nil {
		return err
	}
	app, err := p.checked(datastore.New(nil, nil))
	if err != nil {
		return err
	}
	for _, api := range app.APIs() {
		fmt.Fprintf(p.stdout, "API %s (%s)\n", api.Name(), api.Kind())
		p.printAPI(api)
	}
	p.printFunctions(app)
	for _, w := range app.WebSockets() {
		fmt.Fprintf(p.stdout, "WebSocket API %s\n", w.Name())
		p.printSocket(w)
	}
	for _, s := range app.Sites() {
		fmt.Fprintf(p.stdout, "site %s of %s  %s\n", s.Name(), s.Options().Folder, s.At().RelativeTo(p.folder))
		p.printSiteAPIs(s)
	}
	return nil
}

// printTable prints rows with their columns below each other, and without the
// columns in which no row has anything.
func (p *program) printTable(indent string, rows [][]string) {
	tw := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		var cells []string
		for i, cell := range row {
			if slices.ContainsFunc(rows, func(r []string) bool { return i < len(r) && r[i] != "" }) {
				cells = append(cells, cell)
			}
		}
		fmt.Fprintln(tw, indent+strings.Join(cells, "\t"))
	}
	tw.Flush()
}

// printAPI prints of each route method, path, function, who may call it, what the
// gateway does with it, and the Go line; and the Go lines of the versions behind
// one.
func (p *program) printAPI(api *tier.API) {
	var rows [][]string
	for _, r := range api.Routes() {
		method := r.Pattern().Method
		if method == "" {
			method = "ANY"
		}
		served := r.Function().Name()
		if r.Mock() != nil {
			served = "(mock)"
		}
		rows = append(rows, []string{method, r.Pattern().Path(), served, guardOf(api, r), marksOf(r), r.At().RelativeTo(p.folder)})
		for _, v := range r.Versions() {
			rows = append(rows, []string{"", "  version " + v.Version(), "", "", "", v.At().RelativeTo(p.folder)})
		}
	}
	p.printTable("  ", rows)
}

// guardOf is who may call a route: its authorizer and the scopes that it asks
// for, or "public" where other routes have an authorizer.
func guardOf(api *tier.API, r *tier.Route) string {
	a := r.Authorizer()
	switch {
	case a == nil && len(api.Authorizers()) == 0:
		return ""
	case a == nil:
		return "public"
	case len(r.Scopes()) > 0:
		return a.Name() + " (" + strings.Join(r.Scopes(), ", ") + ")"
	}
	return a.Name()
}

// marksOf is what the gateway does with requests and answers of a route.
func marksOf(r *tier.Route) string {
	var marks []string
	if r.KeyRequired() {
		marks = append(marks, "key")
	}
	if ttl := r.CacheTTL(); ttl > 0 {
		marks = append(marks, "cached "+shortDuration(ttl))
	}
	if r.Validated() {
		marks = append(marks, "validated")
	}
	if r.Streams() {
		marks = append(marks, "stream")
	}
	if t := r.Throttling(); t != nil {
		marks = append(marks, fmt.Sprintf("%v/s", t.Rate))
	}
	return strings.Join(marks, ", ")
}

// shortDuration is a time of whole seconds without units that are zero: "5m".
func shortDuration(d time.Duration) string {
	text := d.String()
	if d%time.Minute == 0 {
		text = strings.TrimSuffix(text, "0s")
	}
	if d%time.Hour == 0 {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// printFunctions prints what invokes functions beside the routes, with the Go
// lines: URLs, the gateway that asks an authorizer, programs.
func (p *program) printFunctions(app *tier.App) {
	var rows [][]string
	add := func(f *tier.Function, what string, at datastore.Position) {
		rows = append(rows, []string{"function " + f.Name(), what, at.RelativeTo(p.folder)})
	}
	for _, f := range app.Functions() {
		if f.Authorizer() != nil {
			add(f, "authorizer", f.At())
		}
		if u := f.URL(); u != nil {
			add(f, describeURL(u), f.At())
		}
		switch checked := f.Checked(); {
		case checked != nil:
			add(f, "checks rollouts of function "+checked.Name(), f.DirectAt())
		case f.DirectHandler() != nil:
			add(f, "invoked directly", f.DirectAt())
		}
	}
	p.printTable("", append(rows, p.triggerRows(app)...))
}

// describeURL is who may call a function URL, and whether it streams.
func describeURL(u *tier.FunctionURL) string {
	text := "URL, signed"
	if u.Auth == tier.URLPublic {
		text = "URL, public"
	}
	if u.Stream {
		text += ", stream"
	}
	return text
}

// printSocket prints event, route key, function, who may connect and the Go line
// of each route.
func (p *program) printSocket(api *tier.WebSocket) {
	var rows [][]string
	for _, r := range api.Routes() {
		guard := ""
		if a := api.Authorizer(); a != nil && r.Event() == "CONNECT" {
			guard = a.Name()
		}
		mark := ""
		if r.Responds() {
			mark = "answers"
		}
		rows = append(rows, []string{r.Event(), r.Key(), r.Function().Name(), guard, mark, r.At().RelativeTo(p.folder)})
	}
	p.printTable("  ", rows)
}
