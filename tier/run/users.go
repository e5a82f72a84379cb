//go:build !lambda.norpc

package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localidentity"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/internal/doorway"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// userOptions are the flags of the command user.
type userOptions struct {
	storeOptions
	directory, authorizer, client string
	groups                        groupFlag
	access                        bool
}

// groupFlag is a flag that may be given several times.
type groupFlag []string

func (g *groupFlag) String() string     { return strings.Join(*g, ",") }
func (g *groupFlag) Set(s string) error { *g = append(*g, s); return nil }

// userCommand makes, lists and removes the users that a declared directory has on this
// machine, and gives out their tokens.
func (p *program) userCommand(args []string) error {
	word, args := first(args)
	names, do := 1, (*userDirectory).create
	switch word {
	case "create":
		names = 1 << 10 // with attributes
	case "remove":
		do = (*userDirectory).remove
	case "token":
		do = (*userDirectory).token
	case "list":
		names, do = 0, (*userDirectory).list
	default:
		p.usage("user")
		return errUsage
	}
	o := userOptions{storeOptions: storeOptions{data: "embedded", dir: defaultDir}}
	rest, err := p.parseUpTo("user", args, names, func(f *flag.FlagSet) {
		f.StringVar(&o.directory, "directory", "", "`name` of the directory; needed if there are several")
		f.Var(&o.groups, "group", "a `group` of the user to create; may be given several times")
		f.StringVar(&o.authorizer, "authorizer", "", "`name` of the authorizer that the token is for; needed if several read tokens")
		f.StringVar(&o.client, "client", "", "`id` of the client that the token is for; default the first audience of the authorizer, or "+localClient)
		f.BoolVar(&o.access, "access", false, "print the access token in place of the ID token")
		o.define(f)
	})
	if err != nil {
		return err
	}
	if names > 0 && len(rest) == 0 {
		p.usage("user")
		return errUsage
	}
	switch {
	case o.data == "aws":
		return errors.New("users in AWS are not changed here; write: aws cognito-idp admin-create-user, list-users or admin-delete-user, and sign in there for a token")
	case o.data != "embedded":
		return errData(o.data)
	}
	data, app, err := p.openApp(o.storeOptions)
	if err != nil {
		return err
	}
	defer data.close()
	spec, err := directoryNamed(app, data.Data, o.directory)
	if err != nil {
		return err
	}
	stop, err := p.answerTriggers(app, data)
	if err != nil {
		return err
	}
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	driver := data.users
	own := datastore.New([]datastore.Driver{driver}, &datastore.Options{Namespace: app.Name()})
	users := datastore.Use[userStore](toolFunction{}, identity.New(own, spec.Logical, identity.Custom(spec.CustomList()...)))
	if err := do(&userDirectory{p, o, app, spec, driver, users}, ctx, rest); err != nil {
		return errors.New(err.Error()) // one line: its kind and its cause are no two mistakes
	}
	return nil
}

// answerTriggers has the functions of app answer the triggers of its directories while a
// command runs. What they send is not delivered.
func (p *program) answerTriggers(app *tier.App, data openedData) (stop func(), _ error) {
	callees, err := data.callees.serve(app, nil)
	if err != nil {
		return nil, err
	}
	detach, err := local.Answer(app, data.Data, func(ctx context.Context, f *tier.Function, event []byte) ([]byte, error) {
		h, with, err := doorway.Of(f, p.lookup)
		if err != nil {
			return nil, err
		}
		return lambda.New(h, with).Invoke(ctx, event)
	})
	if err != nil {
		callees.Close()
		return nil, err
	}
	return func() {
		detach()
		callees.Close()
	}, nil
}

// userDirectory is a directory of this machine.
type userDirectory struct {
	*program
	opts   userOptions
	app    *tier.App
	spec   identity.Spec
	driver *localidentity.Driver
	users  userStore
}

// userStore is what the command does to a directory, checked as it is for a function.
type userStore interface {
	identity.Creator
	identity.Deleter
	identity.Getter
	identity.Grouper
	identity.GroupSetter
	identity.Lister
}

// toolFunction is what the handles of commands are granted to.
type toolFunction struct{}

func (toolFunction) FunctionName() string      { return "go run" }
func (toolFunction) AddGrant(*datastore.Grant) {}

// create makes a user with attributes, each NAME=VALUE, and the groups of the flags.
func (d *userDirectory) create(ctx context.Context, args []string) error {
	user := identity.NewUser{Name: args[0], Attributes: map[string]string{}}
	for _, text := range args[1:] {
		name, value, ok := strings.Cut(text, "=")
		switch {
		case strings.HasPrefix(text, "-"):
			return fmt.Errorf("%s: write flags before the name of the user", text)
		case !ok || name == "":
			return fmt.Errorf("attribute %q: write NAME=VALUE, like email=ana@example.com", text)
		}
		user.Attributes[name] = value
	}
	made, err := d.users.Create(ctx, user)
	if err != nil {
		return err
	}
	if err := d.users.SetGroups(ctx, user.Name, d.opts.groups); err != nil {
		return err
	}
	fmt.Fprintf(d.stdout, "user %s has the id %s in directory %s\n", made.Name, made.ID, d.spec.Logical)
	return nil
}

func (d *userDirectory) remove(ctx context.Context, args []string) error {
	if _, err := d.users.Get(ctx, args[0]); err != nil {
		return err
	}
	if err := d.users.Delete(ctx, args[0]); err != nil {
		return err
	}
	fmt.Fprintf(d.stdout, "user %s is gone from directory %s\n", args[0], d.spec.Logical)
	return nil
}

// list tells of each user the id, the groups and whether it may sign in.
func (d *userDirectory) list(ctx context.Context, _ []string) error {
	var rows [][]string
	for user, err := range identity.All(ctx, d.users, identity.Query{}) {
		if err != nil {
			return err
		}
		groups, err := d.users.Groups(ctx, user.Name)
		if err != nil {
			return err
		}
		state := "enabled"
		if !user.Enabled {
			state = "disabled"
		}
		rows = append(rows, []string{user.Name, user.ID, state, strings.Join(groups, ", ")})
	}
	if len(rows) == 0 {
		fmt.Fprintf(d.stdout, "directory %s has no users on this machine\n", d.spec.Logical)
	}
	d.printTable("", rows)
	return nil
}

// token prints a token of a user, and tells on stderr what lets the gateway take it.
func (d *userDirectory) token(ctx context.Context, args []string) error {
	a, err := authorizerNamed(d.app, d.opts.authorizer)
	if err != nil {
		return err
	}
	s, _ := tokenSettings(d.app, a)
	if d.opts.client != "" {
		s.ClientID = d.opts.client
	}
	user, err := d.users.Get(ctx, args[0])
	switch {
	case err != nil:
		return err
	case !user.Enabled:
		return fmt.Errorf("user %s is disabled, and may not sign in", user.Name)
	}
	issuer, err := d.driver.Issuer(d.app.Name(), d.spec.Logical, s)
	if err != nil {
		return err
	}
	tokens, err := issuer.Tokens(user.Name)
	if err != nil {
		return err
	}
	if a != nil && !d.isIssuerOf(a) {
		fmt.Fprintf(d.stderr, "authorizer %s takes it once %s has {\"issuers\": {%[1]q: {\"directory\": %[3]q}}}\n",
			a.Name(), identityFile{dir: d.opts.dir}.name(), d.spec.Logical)
	}
	text := tokens.ID
	if d.opts.access {
		text = tokens.Access
	}
	fmt.Fprintln(d.stdout, text)
	return nil
}

// isIssuerOf reports whether the file of identities names the directory for the
// authorizer, or cannot be read, which serving then says.
func (d *userDirectory) isIssuerOf(a tier.Authorizer) bool {
	ids, err := local.ReadIdentities(identityFile{dir: d.opts.dir}.name())
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	return ids.Issuers[a.Name()].Directory == d.spec.Logical
}
