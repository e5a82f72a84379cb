package middleware_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/ssmconfig"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// TestFlagsInParameter: flags of a parameter follow what others write to it, and stay as
// they were while what is there cannot be read.
func TestFlagsInParameter(t *testing.T) {
	t.Parallel()
	cfg := configOf(serverURL(t, "TIERKIT_TEST_MOTO"))
	client, name := ssm.NewFromConfig(cfg), fmt.Sprintf("/tierkit/flags/%d", time.Now().UnixNano())
	at := time.Now()
	now := func() time.Time { return at }
	data := datastore.New([]datastore.Driver{ssmconfig.With(cfg)}, &datastore.Options{Now: now, Lookup: func(string) (string, bool) { return name, true }})
	quiet := slog.New(slog.DiscardHandler)
	flags := middleware.NewFlags(datastore.Use[config.Reader[middleware.FlagSet]](flagFunction{},
		config.New(data, "flags", config.Parameter, middleware.FlagSet{}, &config.Options{Log: quiet})), &middleware.FlagOptions{Now: now, Log: quiet})
	checkout := middleware.NewFlag(flags, "checkout", Checkout{Columns: 1})
	const rule = `{"version":"1","values":{"checkout":{"_variants":[{"name":"a","enabled":true,"rule":"(eq $plan \"pro\")","attributeValues":{"columns":%d}},{"name":"b"}]}}}`
	for _, step := range []struct {
		document string // "" for none that is written
		want     int
	}{{"", 1}, {fmt.Sprintf(rule, 2), 2}, {fmt.Sprintf(rule, 3), 3}, {`{"checkout":"broken"}`, 3}, {fmt.Sprintf(rule, 4), 4}} {
		if step.document != "" {
			_, err := client.PutParameter(t.Context(), &ssm.PutParameterInput{Name: &name, Value: &step.document, Type: types.ParameterTypeString, Overwrite: aws.Bool(true)})
			if err != nil {
				t.Fatal(err)
			}
		}
		for plan, want := range map[string]int{"pro": step.want, "free": 1} {
			if got := checkout.Get(t.Context(), slog.String("plan", plan)); got.Columns != want || got.Enabled != (want > 1) {
				t.Errorf("after %q: checkout of %s = %+v, want %d columns", step.document, plan, got, want)
			}
		}
		at = at.Add(time.Minute)
	}
}
