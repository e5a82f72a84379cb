package lambda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filesecret"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// vendor makes keys, and refuses to know one.
type vendor struct{ refuse error }

func (v *vendor) Create(context.Context, *secret.Text) (secret.Text, error) { return "sk_live_2", nil }
func (v *vendor) Set(ctx context.Context, next secret.Text, _ *secret.Text) error {
	if datastore.RecordFrom(ctx).Service != "secretsmanager" {
		return errors.New("no record of Secrets Manager")
	}
	return v.refuse
}
func (v *vendor) Test(context.Context, secret.Text) error { return nil }

// TestRotation: each event of Secrets Manager is a step of the secret that its ARN
// names, and the answer to one that failed has no value and no cause in it.
func TestRotation(t *testing.T) {
	t.Parallel()
	files := filesecret.Memory()
	data := datastore.New([]datastore.Driver{files}, nil)
	f, v := tier.New("shop").Function("rotator"), &vendor{}
	keys, other := secret.New[secret.Text](data, "stripe", secret.Manager, nil), secret.New[secret.Text](data, "paypal", secret.Manager, nil)
	rotation := keys.Rotation(24 * time.Hour)
	tier.On(f, other.Rotation(24*time.Hour), secret.Steps(&vendor{refuse: errors.New("the wrong one")}))
	tier.On(f, rotation, secret.Steps(v))
	const token, arn = "11111111-2222-4333-8444-555555555555", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:StripeSecret-a1B2c3-AbCdEf"
	if err := errors.Join(files.Set("", "stripe", []byte("sk_live_1")), files.BeginRotation("", "stripe", token)); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	var sources []lambda.Source
	for i, name := range []string{"arn:aws:secretsmanager:eu-west-1:123456789012:secret:PaypalSecret-a1B2c3-XyZxYz", arn} {
		trigger := f.Triggers()[i]
		h, err := trigger.Handler()
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, lambda.Source{Feed: trigger.Feed(), Name: name, Handler: h})
	}
	door := lambda.New(nil, &lambda.Options{Function: "rotator", Sources: sources, Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	invoke := func(step string) error {
		event, err := json.Marshal(map[string]string{"ClientRequestToken": token, "SecretId": arn, "Step": step, "RotationToken": "hush-hush"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = door.Invoke(t.Context(), event)
		return err
	}
	v.refuse = errors.New("stripe knows no sk_live_2")
	for _, step := range []struct{ name, want string }{
		{"createSecret", ""}, {"setSecret", "secret stripe: "}, {"dropSecret", "secret stripe: "},
	} {
		err := invoke(step.name)
		var told messages.InvokeResponse_Error
		if step.want == "" && err != nil || step.want != "" && (!errors.As(err, &told) || !strings.Contains(told.Message, step.want) || strings.Contains(told.Message, "sk_live")) {
			t.Errorf("%s: %v, want an error with %q", step.name, err, step.want)
		}
	}
	if !strings.Contains(log.String(), token+".setSecret") || strings.Contains(log.String(), "hush-hush") {
		t.Errorf("the log of a step that failed does not name it, or tells too much: %s", log.String())
	}
	v.refuse = nil
	for _, step := range secret.RotationSteps() {
		if err := invoke(step); err != nil {
			t.Errorf("%s: %v", step, err)
		}
	}
	got, err := datastore.Use[secret.Getter[secret.Text]](f, keys).Get(datastore.WithFunction(t.Context(), "rotator"))
	if err != nil || string(got) != "sk_live_2" {
		t.Errorf("Get = %q, %v, want sk_live_2", string(got), err)
	}

	// In tests a step is a record.
	h, err := f.Triggers()[1].Handler()
	if err != nil {
		t.Fatal(err)
	}
	record := handlertest.RotationRecord(rotation, "testSecret", "another")
	if err := handlertest.DoRecord(t.Context(), h, record); !errors.Is(err, datastore.ErrConflict) {
		t.Errorf("a version that no rotation makes: error = %v, want %v", err, datastore.ErrConflict)
	}
	if got := string(handlertest.RecordsEvent(record)); !strings.Contains(got, `"Step":"testSecret"`) {
		t.Errorf("RecordsEvent = %s", got)
	}
}

// TestNoRotation: what looks like a step is one for a function that rotates alone.
func TestNoRotation(t *testing.T) {
	t.Parallel()
	door := lambda.New(nil, &lambda.Options{Direct: handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: []byte(`"direct"`)}, nil
	})})
	got, err := door.Invoke(t.Context(), []byte(`{"Step":"createSecret","SecretId":"a","ClientRequestToken":"b"}`))
	if err != nil || string(got) != `"direct"` {
		t.Errorf("Invoke = %s, %v, want the direct invocation", got, err)
	}
}

// FuzzRotation: no event has a value made current that was not made by its own rotation.
func FuzzRotation(f *testing.F) {
	const token = "11111111-2222-4333-8444-555555555555"
	for _, seed := range []string{
		`{"ClientRequestToken":"` + token + `","SecretId":"arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf","Step":"finishSecret"}`,
		`{"Step":"createSecret","SecretId":"stripe","ClientRequestToken":"` + token + `","RotationToken":"x"}`,
		`{"Step":"setSecret","Step":"testSecret","SecretId":"","ClientRequestToken":""}`,
		`{"step":"createSecret","secretid":"a","clientrequesttoken":"b","Step":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		files := filesecret.Memory()
		data := datastore.New([]datastore.Driver{files}, nil)
		fn := tier.New("shop").Function("rotator")
		tier.On(fn, secret.New[secret.Text](data, "stripe", secret.Manager, nil).Rotation(24*time.Hour), secret.Steps(&vendor{}))
		if err := errors.Join(files.Set("", "stripe", []byte("sk_live_1")), files.BeginRotation("", "stripe", token)); err != nil {
			t.Fatal(err)
		}
		o := sourcesOf(t, fn)
		o.Logger = slog.New(slog.DiscardHandler)
		if out, err := lambda.New(nil, o).Invoke(t.Context(), payload); err == nil && (!json.Valid(payload) || !json.Valid(out)) {
			t.Fatalf("took %q, and answered %q", payload, out)
		}
		conn, err := files.OpenSecret(t.Context(), data, secret.Spec{Logical: "stripe", Source: secret.Manager})
		if err != nil {
			t.Fatal(err)
		}
		if v, err := conn.Read(t.Context(), secret.Current); err != nil || string(v.Data) != "sk_live_1" {
			t.Fatalf("one event changed the value to %q, %v", v.Data, err)
		}
	})
}
