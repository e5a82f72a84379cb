package secrettest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

// OpenRotated prepares a secret as [Open] does, and also returns what begins a rotation
// of it that makes the version token, as the service does before it invokes a function.
type OpenRotated func(t testing.TB, spec secret.Spec, now func() time.Time) (*datastore.Data, Put, Begin)

// Begin begins a rotation that makes the version token. The secret has a value.
type Begin func(t testing.TB, token string)

// Rotate runs the rules of rotation on secrets that open prepares.
func Rotate(t *testing.T, open OpenRotated) {
	for _, r := range rotationRules {
		t.Run("rotation/"+r.name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the rule: %s", r.why)
				}
			})
			r.run(t, open)
		})
	}
}

// Token is the id of the version that rotation n of a test makes.
func Token(n int) string { return fmt.Sprintf("11111111-2222-4333-8444-%012d", n) }

// Step has a rotation do a step, as a function does at an event of Secrets Manager.
func Step[T any](t testing.TB, rotation *secret.Rotation[T], r secret.Rotator[T], step, token string) error {
	t.Helper()
	event, err := json.Marshal(secret.RotationEvent{Step: step, SecretID: "the secret", Token: token})
	if err != nil {
		t.Fatal(err)
	}
	var turn *secret.Turn[T]
	if err := rotation.Decoder()(&datastore.Record{Data: event}, &turn); err != nil {
		return err
	}
	return secret.Steps(r)(t.Context(), turn)
}

// turns is a Rotator that counts, and remembers what it was called with.
type turns[T any] struct {
	next   func(current *T) T
	fail   error // of Create
	made   int
	set    []T
	from   []*T
	tested []T
}

func (r *turns[T]) Create(_ context.Context, current *T) (T, error) {
	if r.fail != nil {
		var none T
		return none, r.fail
	}
	r.made++
	return r.next(current), nil
}

func (r *turns[T]) Set(_ context.Context, next T, current *T) error {
	r.set, r.from = append(r.set, next), append(r.from, current)
	return nil
}

func (r *turns[T]) Test(_ context.Context, next T) error {
	r.tested = append(r.tested, next)
	return nil
}

// noted is a secret that knows its JSON.
type noted struct {
	Key  secret.Text `json:"key"`
	Tags []string    `json:"tags"`
	raw  string
}

func (n *noted) UnmarshalJSON(raw []byte) error {
	type plain noted
	n.raw = string(raw)
	return json.Unmarshal(raw, (*plain)(n))
}

// rotated is a secret of text that is rotated.
type rotated struct {
	hush     all[string]
	rotation *secret.Rotation[string]
	turns    *turns[string]
	begin    Begin
}

func startRotation(t testing.TB, open OpenRotated) *rotated {
	t.Helper()
	spec := secret.Spec{Logical: "hush", Source: secret.Manager}
	data, put, begin := open(t, spec, time.Now)
	own := secret.New[string](data, "hush", secret.Manager, nil)
	put(t, []byte("one"))
	r := &turns[string]{}
	r.next = func(current *string) string { return fmt.Sprintf("%s and %d", *current, r.made) }
	return &rotated{datastore.Use[all[string]](function{}, own), own.Rotation(30 * 24 * time.Hour), r, begin}
}

func (r *rotated) step(t testing.TB, step, token string) {
	t.Helper()
	if err := Step(t, r.rotation, r.turns, step, token); err != nil {
		t.Errorf("%s: %v", step, err)
	}
}

var rotationRules = []struct {
	name string
	why  string
	run  func(t *testing.T, open OpenRotated)
}{
	{"whole", "a new value counts from finishSecret on, and the one that counted is the previous one", func(t *testing.T, open OpenRotated) {
		r := startRotation(t, open)
		r.begin(t, Token(1))
		for _, step := range secret.RotationSteps() {
			wantValue(t, "Fresh before "+step, r.hush.Fresh, "one")
			r.step(t, step, Token(1))
		}
		wantValue(t, "Get, by the handle that finished", r.hush.Get, "one and 1")
		wantValue(t, "Fresh", r.hush.Fresh, "one and 1")
		wantValue(t, "Previous", r.hush.Previous, "one")
		if fmt.Sprintf("%v %v %v", r.turns.set, *r.turns.from[0], r.turns.tested) != "[one and 1] one [one and 1]" {
			t.Errorf("Set got %v from %v, Test %v", r.turns.set, r.turns.from, r.turns.tested)
		}
	}},
	{"again", "each step may come twice: a value is made once, and what is current stays so", func(t *testing.T, open OpenRotated) {
		r := startRotation(t, open)
		r.begin(t, Token(1))
		for _, step := range secret.RotationSteps() {
			r.step(t, step, Token(1))
			r.step(t, step, Token(1))
		}
		for _, step := range secret.RotationSteps() {
			r.step(t, step, Token(1)) // of a version that is the current one
		}
		wantValue(t, "Fresh", r.hush.Fresh, "one and 1")
		wantValue(t, "Previous", r.hush.Previous, "one")
		if r.turns.made != 1 || len(r.turns.set) != 2 || len(r.turns.tested) != 2 {
			t.Errorf("%d values made, %d set, %d tested, want 1, 2, 2", r.turns.made, len(r.turns.set), len(r.turns.tested))
		}
	}},
	{"foreign", "a version that no rotation makes is refused at each step", func(t *testing.T, open OpenRotated) {
		r := startRotation(t, open)
		r.begin(t, Token(1))
		for _, step := range secret.RotationSteps() {
			wantError(t, step+" of another version", Step(t, r.rotation, r.turns, step, Token(2)), datastore.ErrConflict)
		}
		wantValue(t, "Fresh", r.hush.Fresh, "one")
		if r.turns.made != 0 || r.turns.set != nil {
			t.Errorf("%d values made and %d set for a version that no rotation makes", r.turns.made, len(r.turns.set))
		}
	}},
	{"order", "nothing is set, tested or finished before there is a value", func(t *testing.T, open OpenRotated) {
		r := startRotation(t, open)
		r.begin(t, Token(1))
		for _, step := range secret.RotationSteps()[1:] {
			wantError(t, step+" before createSecret", Step(t, r.rotation, r.turns, step, Token(1)), datastore.ErrConflict)
		}
		wantValue(t, "Fresh", r.hush.Fresh, "one")
	}},
	{"failed", "an error of Create is the step's own, and the step can come again", func(t *testing.T, open OpenRotated) {
		r := startRotation(t, open)
		r.begin(t, Token(1))
		r.turns.fail = errors.New("the vendor is closed")
		if err := Step(t, r.rotation, r.turns, "createSecret", Token(1)); !errors.Is(err, r.turns.fail) {
			t.Errorf("createSecret: error = %v, want %v", err, r.turns.fail)
		}
		r.turns.fail = nil
		for _, step := range secret.RotationSteps() {
			r.step(t, step, Token(1))
		}
		wantValue(t, "Fresh", r.hush.Fresh, "one and 1")
	}},
	{"next", "rotations follow each other", func(t *testing.T, open OpenRotated) {
		r := startRotation(t, open)
		for n := range 3 {
			r.begin(t, Token(n))
			for _, step := range secret.RotationSteps() {
				r.step(t, step, Token(n))
			}
		}
		wantValue(t, "Fresh", r.hush.Fresh, "one and 1 and 2 and 3")
		wantValue(t, "Previous", r.hush.Previous, "one and 1 and 2")
	}},
	{"typed", "a value is written as it is read, with its texts and the members that the type does not know", func(t *testing.T, open OpenRotated) {
		data, put, begin := open(t, secret.Spec{Logical: "hush", Source: secret.Manager}, time.Now)
		own := secret.New[noted](data, "hush", secret.Manager, nil)
		hush := datastore.Use[secret.Getter[noted]](function{}, own)
		put(t, []byte(cardText))
		r := &turns[noted]{next: func(current *noted) noted { return noted{Key: "sk-2", Tags: current.Tags[:1]} }}
		begin(t, Token(1))
		for _, step := range secret.RotationSteps() {
			if err := Step(t, own.Rotation(24*time.Hour), r, step, Token(1)); err != nil {
				t.Fatalf("%s: %v", step, err)
			}
		}
		got, err := hush.Get(t.Context())
		var members map[string]any
		if err := json.Unmarshal([]byte(got.raw), &members); err != nil {
			t.Fatal(err)
		}
		if want := "map[extra:map[c:d] key:sk-2 other:true port:5432 tags:[a]]"; err != nil || fmt.Sprint(members) != want {
			t.Errorf("Get = %v, %v, want %s", members, err, want)
		}
	}},
	{"login", "a login is rotated as the secret that it is", func(t *testing.T, open OpenRotated) {
		data, put, begin := open(t, secret.Spec{Logical: "hush", Source: secret.Manager, Login: true}, time.Now)
		login := secret.NewLogin(data, "hush", nil)
		put(t, []byte(`{"username":"app","password":"one","engine":"postgres"}`))
		r := &turns[secret.Credentials]{next: func(current *secret.Credentials) secret.Credentials {
			return secret.Credentials{Username: current.Username, Password: current.Password + " and two"}
		}}
		begin(t, Token(1))
		for _, step := range secret.RotationSteps() {
			if err := Step(t, login.Rotation(24*time.Hour), r, step, Token(1)); err != nil {
				t.Fatalf("%s: %v", step, err)
			}
		}
		wantLogin(t, login, true, "app", "one and two")
	}},
}
