// Command observed tells what it does in logs, metrics and an audit log, for the tests
// of package run and docs/howto/observability.md.
package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type Order struct {
	SKU   string `json:"sku" validate:"required"`
	Email string `json:"email" validate:"required,email" redact:"personal"`
	Cents int    `json:"cents" validate:"gt=0"`
}

type shop struct {
	placed middleware.Counter
	worth  middleware.Distribution
}

func (s shop) place(ctx context.Context, o Order) (struct{}, error) {
	slog.DebugContext(ctx, "placing", "order", o)
	middleware.Note(ctx, slog.String("sku", o.SKU))
	if o.SKU == "sold-out" {
		return struct{}{}, errors.New("the warehouse does not answer")
	}
	s.placed.Add(ctx, 1)
	s.worth.Record(ctx, float64(o.Cents)/100)
	return struct{}{}, nil
}

func newApp(*datastore.Data) *tier.App {
	logs := middleware.NewLogs(&middleware.LogOptions{Level: slog.LevelInfo, Buffer: 64 << 10})
	slog.SetDefault(logs.Logger())
	metrics := middleware.NewMetrics("Shop", nil)
	s := shop{placed: metrics.Counter("OrdersPlaced"), worth: metrics.Distribution("OrderWorth", middleware.UnitNone)}

	app := tier.New("shop")
	api := app.API("orders")
	api.Use(
		logs.Middleware(),
		middleware.RequestID(nil),
		metrics.Middleware(),
		middleware.Audit(middleware.AuditToLog(logs.Logger()), nil),
		middleware.Recover(),
	)
	api.Handle("POST /orders", handler.New(s.place))
	return app
}

func main() { run.Main(newApp) }
