//go:build !lambda.norpc

package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filesecret"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// secretCommand sets, lists, removes and rotates the values that declared secrets have
// on this machine. It never prints one.
func (p *program) secretCommand(args []string) error {
	word, args := first(args)
	names, do := 1, (*secretStore).set
	switch word {
	case "set":
	case "remove":
		do = (*secretStore).remove
	case "rotate":
		do = (*secretStore).rotate
	case "list":
		names, do = 0, (*secretStore).list
	default:
		p.usage("secret")
		return errUsage
	}
	opts := storeOptions{data: "embedded", dir: defaultDir}
	rest, err := p.parse("secret", args, names, opts.define)
	if err != nil {
		return err
	}
	app, data, err := p.declared()
	if err != nil {
		return err
	}
	s := &secretStore{p, app, data, filesecret.In(opts.dir), opts}
	name := strings.Join(rest, "")
	switch opts.data {
	case "embedded":
		return do(s, name)
	case "aws":
		return s.refuseAWS(word, name)
	}
	return errData(opts.data)
}

// first is the first argument and the others.
func first(args []string) (string, []string) {
	if len(args) == 0 {
		return "", nil
	}
	return args[0], args[1:]
}

// declared is the App with its Data, none of whose stores is opened.
func (p *program) declared() (*tier.App, *datastore.Data, error) {
	data := datastore.New(nil, &datastore.Options{Lookup: p.lookup})
	app, err := p.checked(data)
	return app, data, err
}

// secretStore has the secrets of an App.
type secretStore struct {
	*program
	app   *tier.App
	data  *datastore.Data
	files *filesecret.Driver
	opts  storeOptions
}

// secretOf is a declared secret.
func (s *secretStore) secretOf(name string) (secret.Spec, error) {
	var names []string
	for _, spec := range secretsOf(s.data) {
		if spec.Logical == name {
			return spec, nil
		}
		names = append(names, spec.Logical)
	}
	if len(names) == 0 {
		return secret.Spec{}, fmt.Errorf("app %s declares no secrets", s.app.Name())
	}
	return secret.Spec{}, fmt.Errorf("app %s declares no secret %q; it declares %s", s.app.Name(), name, strings.Join(names, ", "))
}

func secretsOf(data *datastore.Data) []secret.Spec {
	var all []secret.Spec
	for _, spec := range data.Specs() {
		if own, ok := spec.(secret.Spec); ok {
			all = append(all, own)
		}
	}
	return all
}

// set gives a secret the value on the standard input. One line break at its end is
// that of echo, or of an editor, and no part of it.
func (s *secretStore) set(name string) error {
	if _, err := s.secretOf(name); err != nil {
		return err
	}
	if isTerminal(s.stdin) {
		fmt.Fprintf(s.stderr, "the value of %s, shown as you type it; Ctrl-D ends it:\n", name)
	}
	const most = filesecret.MaxValue + len("\r\n")
	value, err := io.ReadAll(io.LimitReader(s.stdin, int64(most)+1))
	whole := len(value)
	switch {
	case err != nil:
		return fmt.Errorf("read the value: %w", err)
	case whole > most:
		return fmt.Errorf("secret %s: the value has more than %d bytes", name, filesecret.MaxValue)
	}
	value = withoutBreak(value)
	if err := s.files.Set(s.app.Name(), name, value); err != nil {
		return fmt.Errorf("secret %s: %w", name, err)
	}
	without := ""
	if len(value) < whole {
		without = ", without the line break at its end"
	}
	fmt.Fprintf(s.stdout, "secret %s has a new value of %d bytes%s\n", name, len(value), without)
	return nil
}

// withoutBreak is a value without one line break at its end.
func withoutBreak(value []byte) []byte {
	text, ok := strings.CutSuffix(string(value), "\n")
	if ok {
		text = strings.TrimSuffix(text, "\r")
	}
	return []byte(text)
}

// isTerminal reports whether somebody types what is read.
func isTerminal(r io.Reader) bool {
	file, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (s *secretStore) remove(name string) error {
	if _, err := s.secretOf(name); err != nil {
		return err
	}
	has, err := s.files.Has(s.app.Name(), name)
	if err == nil && !has {
		return fmt.Errorf("secret %s has no value on this machine", name)
	}
	// One that cannot be read is removed all the same.
	if err := s.files.Remove(s.app.Name(), name); err != nil {
		return fmt.Errorf("secret %s: %w", name, err)
	}
	fmt.Fprintf(s.stdout, "secret %s has no value any more\n", name)
	return nil
}

// list tells of each declared secret what keeps it in AWS, whether it has a value
// here, and where it is declared.
func (s *secretStore) list(string) error {
	var rows [][]string
	var errs []error
	for _, spec := range secretsOf(s.data) {
		state, err := stateOf(s.files, s.app, spec)
		errs = append(errs, err)
		rows = append(rows, []string{spec.Logical, spec.Source.String(), state, s.data.DeclaredAt(spec).RelativeTo(s.folder)})
	}
	if len(rows) == 0 {
		fmt.Fprintf(s.stdout, "app %s declares no secrets\n", s.app.Name())
	}
	s.printTable("", rows)
	return errors.Join(errs...)
}

const secretMissing = "missing"

// stateOf is the state of a secret in a word or two.
func stateOf(files *filesecret.Driver, app *tier.App, spec secret.Spec) (string, error) {
	has, err := files.Has(app.Name(), spec.Logical)
	switch {
	case err != nil:
		return "unreadable", fmt.Errorf("secret %s: %w", spec.Logical, err)
	case has:
		return "set", nil
	case spec.Login:
		return "made when first used", nil
	}
	return secretMissing, nil
}

// refuseAWS says by which command of AWS it is done there.
func (s *secretStore) refuseAWS(word, name string) error {
	if word == "list" {
		return errors.New("values in AWS are not read here; write: aws secretsmanager list-secrets, or aws ssm describe-parameters")
	}
	spec, err := s.secretOf(name)
	if err != nil {
		return err
	}
	id, ok := s.data.Physical(spec)
	if !ok {
		id = "$" + datastore.Variable(spec)
	}
	if word == "rotate" && spec.Source == secret.Parameter {
		return fmt.Errorf("secret %s is a parameter of Systems Manager, which rotates none", name)
	}
	command := map[secret.Source]map[string]string{
		secret.Manager: {
			"set":    "aws secretsmanager put-secret-value --secret-id %s --secret-string file:///dev/stdin",
			"remove": "aws secretsmanager delete-secret --secret-id %s",
			"rotate": "aws secretsmanager rotate-secret --secret-id %s",
		},
		secret.Parameter: {
			"set":    "aws ssm put-parameter --name %s --type SecureString --overwrite --value file:///dev/stdin",
			"remove": "aws ssm delete-parameter --name %s",
		},
	}[spec.Source][word]
	return fmt.Errorf("secret %s in AWS is not changed here; write: "+command, name, id)
}
