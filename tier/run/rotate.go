//go:build !lambda.norpc

package run

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"

	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// rotate has the function that rotates a secret do the four steps, as Secrets Manager has
// it do them in AWS. A step that fails ends it, and the secret keeps its value.
func (s *secretStore) rotate(name string) error {
	spec, err := s.secretOf(name)
	if err != nil {
		return err
	}
	t := rotates(s.app, name)
	if t == nil {
		return fmt.Errorf("no function rotates secret %s; write tier.On(app.Function(\"rotator\"), %s.Rotation(30*24*time.Hour), secret.Steps(rotator))", name, spec.Logical)
	}
	token := rand.Text() + rand.Text()[:10] // 36 characters, as Secrets Manager has them
	if err := s.files.BeginRotation(s.app.Name(), name, token); err != nil {
		return fmt.Errorf("secret %s: %w", name, err)
	}
	quiet := *s.program
	quiet.stdout = io.Discard
	fire := quiet.fireHere
	if serves(s.app.Name(), s.opts.dir) {
		fire = func(opts storeOptions, what firing) error { return quiet.fireThere(s.app, opts.dir, what) }
	}
	fmt.Fprintln(s.stdout, s.placed(t))
	for _, step := range secret.RotationSteps() {
		event, err := json.Marshal(map[string]string{"Step": step, "ClientRequestToken": token})
		if err == nil {
			err = fire(s.opts, firing{Name: name, Event: event})
		}
		if err != nil {
			return fmt.Errorf("secret %s keeps its value: %s: %w", name, step, err)
		}
		fmt.Fprintln(s.stdout, step)
	}
	fmt.Fprintf(s.stdout, "secret %s has a new value; who keeps the one before has the new one after MaxAge\n", name)
	return nil
}

// rotates is the trigger by which a function rotates a secret, nil if none does.
func rotates(app *tier.App, name string) *tier.Trigger {
	for _, f := range app.Functions() {
		for _, t := range f.Triggers() {
			if t.Feed().Service == "secretsmanager" && t.Feed().Spec.Name() == name {
				return t
			}
		}
	}
	return nil
}
