package secret

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Rotator is how a secret gets its next value: what an application knows of it. Which
// version counts when is the matter of [Steps]. Each method can be called again, after it
// failed or its answer was lost: with the same values, and Create only until a value of
// its was kept.
//
// Errors are logged, so they must have no value in them. Secrets Manager is told what a
// client of an API would read.
//
// See https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
type Rotator[T any] interface {
	// Create makes the next value. current is nil for a secret that has none yet: the
	// first rotation, right after the secret was made, gives it one. An error then leaves
	// that to whoever puts the first value.
	Create(ctx context.Context, current *T) (T, error)
	// Set has next count where the secret is used: it changes the password of a user, say.
	// What is set already must be set again. There is nothing to do for a value that
	// nobody else knows, such as a key to sign with.
	Set(ctx context.Context, next T, current *T) error
	// Test proves that next counts, by a login, say. It is also called for the current
	// value.
	Test(ctx context.Context, next T) error
}

// Rotation is a schedule by which AWS Secrets Manager has a function give a secret
// another value. It is attached by tier.On:
//
//	rotator := app.Function("rotator")
//	tier.On(rotator, keys.Rotation(30*24*time.Hour), secret.Steps(turn{}))
//
// where turn is a [Rotator]. Who reads the secret has the new value when what it keeps is
// older than its [Options.MaxAge], and Previous gives the one before.
//
// The function gets secretsmanager:DescribeSecret, GetSecretValue, PutSecretValue and
// UpdateSecretVersionStage on the secret, and nothing else of it.
type Rotation[T any] struct {
	state  *state
	decode decoder[T]
	every  time.Duration
}

var _ datastore.Source[*Turn[struct{}]] = (*Rotation[struct{}])(nil)

// Rotation has the secret rotated once in a while: each 4 to 23 hours, or each 1 to 999
// days. In AWS the first time is when that is deployed, or another while is. Another
// while, and a secret that is a parameter of Systems Manager, are mistakes of the
// declaration.
//
// See https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
func (s *Secret[T]) Rotation(every time.Duration) *Rotation[T] {
	return newRotation(s.state, s.decode, every)
}

// The whiles that a schedule takes.
const (
	leastWhile = 4 * time.Hour
	wholeDay   = 24 * time.Hour
	mostWhile  = 999 * wholeDay
)

func newRotation[T any](s *state, decode decoder[T], every time.Duration) *Rotation[T] {
	spec := s.Spec.(Spec)
	var errs []error
	if spec.Source == Parameter {
		errs = append(errs, fmt.Errorf("secret %s is a parameter of Systems Manager, which rotates none; declare it with secret.Manager", spec.Logical))
	}
	if every < leastWhile || every > mostWhile || every%time.Hour != 0 || every > wholeDay && every%wholeDay != 0 {
		errs = append(errs, fmt.Errorf("secret %s: a rotation each %v; write 4 to 23 hours, or whole days up to 999 (30*24*time.Hour)", spec.Logical, every))
	}
	if errs != nil {
		_ = s.Data.Mistake(errs...) // reported with the others
	}
	return &Rotation[T]{s, decode, every}
}

// Feed is for tier.On.
func (r *Rotation[T]) Feed() datastore.Feed {
	return datastore.Feed{Spec: r.state.Spec, Service: "secretsmanager", Every: r.every}
}

// Decoder is for tier.On.
func (r *Rotation[T]) Decoder() func(*datastore.Record, **Turn[T]) error {
	return func(record *datastore.Record, v **Turn[T]) error {
		t := &Turn[T]{state: r.state, decode: r.decode}
		if json.Unmarshal(record.Data, &t.event) != nil || t.event.Token == "" { // the error could tell what is in it
			return &datastore.Error{Store: "secret", Op: "decode", Kind: datastore.ErrCorrupt, Err: errors.New("is no event of a rotation")}
		}
		*v = t
		return nil
	}
}

// Turn is one step of one rotation. [Steps] does it.
type Turn[T any] struct {
	state  *state
	decode decoder[T]
	event  RotationEvent
}

// RotationEvent is what Secrets Manager sends for each step.
type RotationEvent struct {
	Step     string `json:"Step"`               // "createSecret", "setSecret", "testSecret", "finishSecret"
	SecretID string `json:"SecretId"`           // the ARN
	Token    string `json:"ClientRequestToken"` // the id of the version that the rotation makes
	// Rotation says by whom the rotation was begun. It is as secret as the value.
	Rotation Text `json:"RotationToken,omitempty"`
}

// RotationSteps are the steps of a rotation, in order.
func RotationSteps() []string {
	return []string{"createSecret", "setSecret", "testSecret", "finishSecret"}
}

// Step is the name of the step: "createSecret", "setSecret", "testSecret" or
// "finishSecret".
func (t *Turn[T]) Step() string { return t.event.Step }

// Format shows the step alone, whatever the verb is.
func (t *Turn[T]) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.text()) }

// LogValue is what Format shows.
func (t *Turn[T]) LogValue() slog.Value { return slog.StringValue(t.text()) }

func (t *Turn[T]) text() string {
	if t == nil {
		return "no step of a rotation"
	}
	return fmt.Sprintf("step %.20q of a rotation", t.event.Step)
}

// Steps is what tier.On has a function do at each step of a [Rotation]:
//
//	createSecret   Create makes a value, which is kept for the version that the rotation makes
//	setSecret      Set has it count
//	testSecret     Test proves that it does
//	finishSecret   the version becomes the current one, and the current one the previous
//
// Each of them can come again: a value that was made once is not made anew, and for a
// version that is the current one already nothing is done. A version that Secrets Manager
// does not await is refused with [datastore.ErrConflict], and so is one without a value
// to be set. Members of the current value that T does not have are taken over, but for
// those of objects within it. A value that T does not give away, such as one with a Text
// of another package, is refused.
//
// nil is no Rotator: tier.On reports it.
func Steps[T any](r Rotator[T]) func(context.Context, *Turn[T]) error {
	if r == nil {
		return nil
	}
	return func(ctx context.Context, t *Turn[T]) error {
		if err := t.state.Usable(); err != nil {
			return t.state.Wrap("Rotate", err, nil)
		}
		ctx, done := t.state.Data.Observe(ctx, t.state.Spec, "Rotate")
		err := t.do(ctx, r)
		if _, ok := errors.AsType[*datastore.Error](err); ok { // what else a Rotator says stays as it is
			err = t.state.Wrap("Rotate", err, datastore.ErrUnavailable)
		}
		done(err)
		return err
	}
}

func (t *Turn[T]) do(ctx context.Context, r Rotator[T]) error {
	opened, err := t.state.Open(ctx)
	if err != nil {
		return err
	}
	conn, ok := opened.(RotatingConn)
	if !ok {
		return &datastore.Error{Kind: datastore.ErrUnavailable, Err: errors.New("its driver rotates no secrets")}
	}
	awaited, err := conn.Awaited(ctx, t.event.Token)
	if err != nil || !awaited {
		return err
	}
	if t.event.Step == "createSecret" {
		return t.create(ctx, conn, r)
	}
	pending, err := conn.ReadPending(ctx, t.event.Token)
	if errors.Is(err, datastore.ErrNotFound) {
		return conflict("its next version has no value; the step createSecret gives it one")
	}
	if err != nil {
		return err
	}
	switch t.event.Step {
	case "setSecret", "testSecret":
		next, err := t.decode.read(pending.Data)
		if err != nil {
			return err
		}
		if t.event.Step == "testSecret" {
			return r.Test(ctx, next)
		}
		current, _, err := t.current(ctx, conn)
		if err != nil {
			return err
		}
		return r.Set(ctx, next, current)
	case "finishSecret":
		if err := conn.Promote(ctx, t.event.Token); err != nil {
			return err
		}
		for i := range t.state.kept {
			t.state.kept[i].Forget()
		}
		return nil
	}
	return &datastore.Error{Kind: datastore.ErrInvalid, Err: fmt.Errorf("a rotation has no step %.20q", t.event.Step)}
}

// create makes the next value, if it is not made already.
func (t *Turn[T]) create(ctx context.Context, conn RotatingConn, r Rotator[T]) error {
	if _, err := conn.ReadPending(ctx, t.event.Token); !errors.Is(err, datastore.ErrNotFound) {
		return err
	}
	current, raw, err := t.current(ctx, conn)
	if err != nil {
		return err
	}
	next, err := r.Create(ctx, current)
	if err != nil {
		return err
	}
	value, err := encode(next)
	if err != nil {
		return err
	}
	if current != nil {
		value = withUnknown(value, raw, *current)
	}
	if _, err := t.decode.read(value); err != nil {
		return err
	}
	if len(value) == 0 || len(value) > maxValue {
		return &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf("the next value has %d bytes; a secret has 1 to %d", len(value), maxValue)}
	}
	err = conn.PutPending(ctx, t.event.Token, string(t.event.Rotation), value)
	if errors.Is(err, datastore.ErrConflict) {
		if _, missing := conn.ReadPending(ctx, t.event.Token); missing == nil {
			return nil // another one came first with a value, which the next steps read
		}
	}
	return err
}

// maxValue is how many bytes a value may have.
//
// See https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
const maxValue = 65536

// current is the value that counts now, nil if there is none.
func (t *Turn[T]) current(ctx context.Context, conn Conn) (*T, []byte, error) {
	v, err := conn.Read(ctx, Current)
	if errors.Is(err, datastore.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	value, err := t.decode.read(v.Data)
	if err != nil {
		return nil, nil, err
	}
	return &value, v.Data, nil
}

func conflict(why string) error {
	return &datastore.Error{Kind: datastore.ErrConflict, Err: errors.New(why)}
}
