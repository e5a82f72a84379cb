//go:build !lambda.norpc

package run

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// newDelivery attaches functions to the stores of this process, nil if nothing is to
// be delivered here.
func newDelivery(app *tier.App, data openedData, lambda *local.Lambda, log *slog.Logger) (*local.Delivery, error) {
	if data.local == nil || !delivers(app) {
		return nil, nil
	}
	return local.NewDelivery(app, data.Data, lambda, &local.DeliveryOptions{Log: log})
}

// delivers reports whether anything is worked off or forwarded.
func delivers(app *tier.App) bool {
	for _, f := range app.Functions() {
		if len(f.Triggers()) > 0 {
			return true
		}
	}
	return len(app.Forwardings()) > 0
}

// deliverWhile delivers while serve runs, and for a moment after it what functions
// still work off.
func deliverWhile(ctx context.Context, d *local.Delivery, serve func(context.Context) error) error {
	if d == nil {
		return serve(ctx)
	}
	defer d.Close()
	ctx, cancel := context.WithCancel(ctx)
	var delivering sync.WaitGroup
	delivering.Go(func() { d.Run(ctx) })
	err := serve(ctx)
	cancel()
	soon(delivering.Wait)
	return err
}

// soon waits until end has ended, for a moment at most: a function may take minutes.
func soon(end func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		end()
	}()
	select {
	case <-done:
	case <-time.After(closeTime):
	}
}

// announceDelivery says what is worked off by what, and what nobody delivers here.
func (p *program) announceDelivery(app *tier.App, data openedData, d *local.Delivery) {
	if !delivers(app) {
		return
	}
	p.printTable("", p.triggerRows(app))
	if d == nil {
		fmt.Fprintln(p.stdout, "Nothing is delivered to these functions here: the data is in AWS, which delivers to deployed functions.")
		return
	}
	for _, spec := range d.Elsewhere() {
		fmt.Fprintf(p.stdout, "%s %s is not kept by this program, so that nothing of it is delivered here  %s\n",
			spec.Kind(), spec.Name(), data.DeclaredAt(spec).RelativeTo(p.folder))
	}
}

// triggerRows are function, what it works off and the Go line of each source, and
// what is forwarded.
func (p *program) triggerRows(app *tier.App) [][]string {
	var rows [][]string
	for _, f := range app.Functions() {
		for _, t := range f.Triggers() {
			rows = append(rows, []string{"function " + f.Name(), describeTrigger(t), t.At().RelativeTo(p.folder)})
		}
	}
	for _, f := range app.Forwardings() {
		from := "topic " + f.From().Spec.Name()
		if f.From().Filter != "" {
			from += ", filtered"
		}
		rows = append(rows, []string{"queue " + f.To().Spec.Name(), "hears of " + from, f.At().RelativeTo(p.folder)})
	}
	return rows
}

// describeTrigger is what a function works off: "works off blob photos, in/, Object
// Created", answers: "answers PreSignUp of identity users", or rotates: "rotates secret
// stripe each 720h".
func describeTrigger(t *tier.Trigger) string {
	feed := t.Feed()
	if feed.Service == "cognito" {
		return "answers " + feed.Asks + " of " + feed.Spec.Kind() + " " + feed.Spec.Name()
	}
	what := feed.Spec.Kind() + " " + feed.Spec.Name()
	if feed.Service == "secretsmanager" {
		return "rotates " + what + " each " + shortDuration(feed.Every)
	}
	if feed.Service == "dynamodb" {
		what = "changes of " + what
	}
	if feed.Filter != "" || len(t.Settings().Filters) > 0 {
		what += ", filtered"
	}
	if feed.Prefix != "" {
		what += ", " + feed.Prefix
	}
	if len(feed.Events) > 0 {
		what += ", " + strings.Join(feed.Events, " and ")
	}
	if length := t.Settings().Tumbling; length > 0 {
		what += ", in windows of " + shortDuration(length)
	}
	if feed.Asks != "" {
		return "transforms " + what
	}
	return "works off " + what
}
