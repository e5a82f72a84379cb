package template_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// turner is a rotator of anything.
type turner[T any] struct{}

func (turner[T]) Create(context.Context, *T) (v T, err error) { return v, err }
func (turner[T]) Set(context.Context, T, *T) error            { return nil }
func (turner[T]) Test(context.Context, T) error               { return nil }

type database interface {
	sqldb.Reader
	sqldb.Writer
}

// rotated has secrets that functions of the App rotate: one with a key of its own that a
// function with versions rotates, and the logins of a database, from within the network.
func rotated(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	pii := key.New(data, "pii", nil)
	stripe := secret.New[secret.Credentials](data, "stripe", secret.Manager, &secret.Options{Key: pii})
	writer, reader := secret.NewLogin(data, "writer", nil), secret.NewLogin(data, "reader", nil)
	db := sqldb.New(data, "orders", sqldb.AuroraPostgres, sqldb.Secret(writer, reader))
	api := app.API("orders")
	datastore.Use[secret.Getter[secret.Credentials]](api, stripe)
	datastore.Use[database](api, db)
	api.Handle("GET /orders/{id}", handler.New(get))
	vendor := app.Function("vendor", tier.Live(tier.Rollout{}))
	tier.On(vendor, stripe.Rotation(30*24*time.Hour), secret.Steps(turner[secret.Credentials]{}))
	logins := app.Function("logins")
	datastore.Use[database](logins, db)
	tier.On(logins, writer.Rotation(24*time.Hour), secret.Steps(turner[secret.Credentials]{}))
	tier.On(logins, reader.Rotation(12*time.Hour), secret.Steps(turner[secret.Credentials]{}))
	return app
}

// TestRotated: each secret has a schedule and lets Secrets Manager invoke its function for
// it alone; the function may do to it what the steps do, and nothing to another one.
func TestRotated(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, rotated), &d); err != nil {
		t.Fatal(err)
	}
	rules := map[string]any{}
	for id, r := range d.Resources {
		if r.Type == "AWS::SecretsManager::RotationSchedule" {
			rules[id] = r.Properties["RotationRules"].(map[string]any)["ScheduleExpression"]
		}
	}
	want := map[string]any{"VendorStripeSecretRotation": "rate(30 days)", "LoginsWriterSecretRotation": "rate(1 day)", "LoginsReaderSecretRotation": "rate(12 hours)"}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Errorf("schedules (-want +got):\n%s", diff)
	}
	permission := d.Resources["VendorStripeSecretPermission"].Properties
	if diff := cmp.Diff(map[string]any{
		"Action": "lambda:InvokeFunction", "Principal": "secretsmanager.amazonaws.com", "FunctionName": map[string]any{"Ref": "VendorFunction"},
		"SourceArn": map[string]any{"Ref": "StripeSecret"}, "SourceAccount": map[string]any{"Ref": "AWS::AccountId"},
	}, permission); diff != "" {
		t.Errorf("permission (-want +got):\n%s", diff)
	}
}

// TestRotatedByRDS: the secret that RDS keeps is no matter of the application.
func TestRotatedByRDS(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	app := tier.New("shop")
	owner := secret.NewLogin(data, "owner", nil)
	f := app.Function("f")
	datastore.Use[sqldb.Reader](f, sqldb.New(data, "orders", sqldb.Postgres, sqldb.OwnerSecret(owner)))
	tier.On(f, owner.Rotation(24*time.Hour), secret.Steps(turner[secret.Credentials]{}))
	_, err := template.New(app)
	if want := "RDS keeps the password of sqldb orders there and rotates it itself"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("New: error = %v, want %q", err, want)
	}
}
