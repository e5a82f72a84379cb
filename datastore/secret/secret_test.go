package secret_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

type function string

func (f function) FunctionName() string    { return string(f) }
func (function) AddGrant(*datastore.Grant) {}

type all interface {
	secret.Getter[string]
	secret.Fresher[string]
	secret.Previous[string]
	secret.Versioner
}

// service answers by a function and counts the reads.
type service struct {
	answer  func(ctx context.Context, n int) (secret.Value, error)
	openErr error

	mu    sync.Mutex
	reads int
}

func (*service) Kind() string { return "secret" }
func (*service) Name() string { return "scripted" }
func (s *service) OpenSecret(context.Context, *datastore.Data, secret.Spec) (secret.Conn, error) {
	return s, s.openErr
}

func (s *service) Read(ctx context.Context, _ secret.Stage) (secret.Value, error) {
	s.mu.Lock()
	s.reads++
	n := s.reads
	s.mu.Unlock()
	return s.answer(ctx, n)
}

func value(text string) (secret.Value, error) {
	return secret.Value{Data: []byte(text), Version: "v-" + text}, nil
}

// TestGranted: only what the interface names can be done.
func TestGranted(t *testing.T) {
	t.Parallel()
	s := &service{answer: func(context.Context, int) (secret.Value, error) { return value("x") }}
	data := datastore.New([]datastore.Driver{s}, nil)
	hush := datastore.Use[secret.Getter[string]](function("f"), secret.New[string](data, "hush", secret.Manager, nil))
	fresher, ok := hush.(secret.Fresher[string])
	if !ok {
		t.Fatal("a handle does not implement all capabilities")
	}
	if _, err := fresher.Fresh(t.Context()); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("Fresh without its grant: error = %v, want %v", err, datastore.ErrDenied)
	}
	if _, err := hush.Get(datastore.WithFunction(t.Context(), "g")); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("Get by another function: error = %v, want %v", err, datastore.ErrDenied)
	}
	if s.reads != 0 {
		t.Errorf("%d reads of what is denied", s.reads)
	}
}

// TestDeclarations: what is wrong in a declaration is reported with its line, and
// nothing is opened.
func TestDeclarations(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		declare func(*datastore.Data) error
		want    string
	}{
		"no source": {func(d *datastore.Data) error { return get(d, secret.New[string](d, "hush", 0, nil)) }, "write secret.Manager or secret.Parameter"},
		"no JSON":   {func(d *datastore.Data) error { return get(d, secret.New[func()](d, "hush", secret.Manager, nil)) }, "a func() cannot be read from JSON"},
		"stale before it is old": {func(d *datastore.Data) error {
			return get(d, secret.New[string](d, "hush", secret.Manager, &secret.Options{MaxAge: 2, MaxStale: 1}))
		}, "MaxStale is less than MaxAge"},
		"login": {func(d *datastore.Data) error {
			_, _, err := secret.NewLogin(d, "no name", nil).Credentials(t.Context(), false)
			return err
		}, "secret name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := datastore.New([]datastore.Driver{&service{openErr: errors.New("opened")}}, nil)
			err := tt.declare(data)
			errs := data.Errs()
			var d *datastore.DeclarationError
			if len(errs) != 1 || !errors.As(errs[0], &d) || !strings.HasSuffix(d.At.File, "secret_test.go") || !strings.Contains(d.Message, tt.want) {
				t.Errorf("Errs = %v, want one of this file with %q", errs, tt.want)
			}
			if !errors.Is(err, datastore.ErrDeclaration) {
				t.Errorf("an operation: error = %v, want %v", err, datastore.ErrDeclaration)
			}
		})
	}
}

func get[T any](d *datastore.Data, s *secret.Secret[T]) error {
	_, err := datastore.Use[secret.Getter[T]](function("f"), s).Get(context.Background())
	return err
}

type key struct{ Service string }

func (key) Kind() string                      { return "key" }
func (key) Name() string                      { return "own" }
func (key) Needs([]string) []datastore.Need   { return nil }
func (key) Via(service string) datastore.Spec { return key{service} }

// TestNeeds: one action on the one secret, and its key through the service.
func TestNeeds(t *testing.T) {
	t.Parallel()
	manager := datastore.Need{Service: "secretsmanager", Actions: []string{"GetSecretValue"}, Resource: "secret:{name}"}
	parameter := datastore.Need{Service: "ssm", Actions: []string{"GetParameter"}, Resource: "parameter/{name}"}
	keyed := parameter
	keyed.Depends = []datastore.Dependence{{Spec: key{"ssm"}, Ops: []string{"Decrypt"}}}
	data := datastore.New(nil, nil)
	for name, tt := range map[string]struct {
		spec datastore.Spec
		ops  []string
		want []datastore.Need
	}{
		"manager":   {secret.New[string](data, "a", secret.Manager, nil).Spec(), []string{"Get", "Fresh", "Previous", "Version"}, []datastore.Need{manager}},
		"parameter": {secret.New[string](data, "b", secret.Parameter, nil).Spec(), []string{"Get"}, []datastore.Need{parameter}},
		"own key":   {secret.New[string](data, "c", secret.Parameter, &secret.Options{Key: key{}}).Spec(), []string{"Get"}, []datastore.Need{keyed}},
		"login":     {secret.NewLogin(data, "d", nil).Spec(), []string{"Get"}, []datastore.Need{manager}},
		"nothing":   {secret.New[string](data, "e", secret.Manager, nil).Spec(), []string{"Else"}, nil},
	} {
		if d := cmp.Diff(tt.want, tt.spec.Needs(tt.ops)); d != "" {
			t.Errorf("%s: Needs(%q) (-want +got):\n%s", name, tt.ops, d)
		}
	}
	if errs := data.Errs(); errs != nil {
		t.Error(errs)
	}
}

// TestErrorsOfDrivers: errors get their store and operation.
func TestErrorsOfDrivers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		s    *service
		want error
	}{
		"denied":      {&service{answer: fails(&datastore.Error{Kind: datastore.ErrDenied, Code: "AccessDeniedException"})}, datastore.ErrDenied},
		"anything":    {&service{answer: fails(errors.New("boom"))}, datastore.ErrUnavailable},
		"cannot open": {&service{openErr: errors.New("boom")}, datastore.ErrUnavailable},
	} {
		hush := open(tt.s, nil, nil)
		_, err := hush.Fresh(t.Context())
		var e *datastore.Error
		if !errors.Is(err, tt.want) || !errors.As(err, &e) || e.Store != "secret hush" || e.Op != "fresh" {
			t.Errorf("%s: Fresh: error = %v, want %v of secret hush", name, err, tt.want)
		}
	}
}

func fails(err error) func(context.Context, int) (secret.Value, error) {
	return func(context.Context, int) (secret.Value, error) { return secret.Value{}, err }
}

// TestHidden: nothing that holds a value shows it where it is printed.
func TestHidden(t *testing.T) {
	t.Parallel()
	type nested struct {
		Key  secret.Text
		List []secret.Text
		Map  map[string]secret.Text
		Ptr  *secret.Text
	}
	text := secret.Text("hunter2")
	v := nested{text, []secret.Text{text}, map[string]secret.Text{"a": text}, &text}
	s := &service{answer: func(context.Context, int) (secret.Value, error) { return value(`hunter2`) }}
	data := datastore.New([]datastore.Driver{s}, nil)
	declared := secret.New[string](data, "hush", secret.Manager, nil)
	handle := datastore.Use[secret.Getter[string]](function("f"), declared)
	if got, err := handle.Get(t.Context()); err != nil || got != "hunter2" {
		t.Fatalf("Get = %q, %v", got, err)
	}
	got, _ := value("hunter2")
	got.Version = "1"
	for _, v := range []any{text, v, &v, handle, declared, got, &got} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if printed := fmt.Sprintf(verb, v); strings.Contains(printed, "hunter2") || strings.Contains(printed, fmt.Sprintf("%x", "hunter2")) {
				t.Errorf("%s of a %T shows it: %s", verb, v, printed)
			}
		}
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		if strings.Contains(log.String(), "hunter2") {
			t.Errorf("a log of a %T shows it: %s", v, &log)
		}
	}
	marshalled, err := json.Marshal(v)
	if err != nil || strings.Contains(string(marshalled), "hunter2") || !strings.Contains(string(marshalled), `"Key":"[redacted]"`) {
		t.Errorf("JSON = %s, %v, want it redacted", marshalled, err)
	}
	if string(text) != "hunter2" {
		t.Error("the text is lost")
	}
}

type Stripe struct {
	Key secret.Text `json:"key"`
}
