package template_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	bus "github.com/seed-18e8afb5/tierkit/tier/event"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

type groups interface {
	identity.GroupSetter
	identity.Getter
}

// asked has all triggers of a user pool, of which one function uses the pool, and the
// transformations of a delivery stream.
func asked(data *datastore.Data) *tier.App {
	app := tier.New("club")
	codes := key.New(data, "codes", nil)
	users := identity.New(data, "users", identity.SelfSignUp(), identity.Custom("plan"), identity.CodesEncryptedBy(codes))
	greeter, guard, mover := app.Function("greeter"), app.Function("guard"), app.Function("mover")
	tier.On(greeter, users.PreSignUp(), work[*identity.PreSignUpEvent])
	tier.On(greeter, users.PostConfirmation(), work[*identity.PostConfirmationEvent])
	tier.On(greeter, users.CustomMessage(), work[*identity.CustomMessageEvent])
	datastore.Use[groups](greeter, users)
	tier.On(guard, users.PreAuthentication(), work[*identity.PreAuthenticationEvent])
	tier.On(guard, users.PostAuthentication(), work[*identity.PostAuthenticationEvent])
	tier.On(guard, users.TokenClaims(), work[*identity.TokenClaimsEvent])
	tier.On(guard, users.DefineAuthChallenge(), work[*identity.DefineAuthChallengeEvent])
	tier.On(guard, users.CreateAuthChallenge(), work[*identity.CreateAuthChallengeEvent])
	tier.On(guard, users.VerifyAuthChallenge(), work[*identity.VerifyAuthChallengeEvent])
	tier.On(mover, users.UserMigration(), work[*identity.UserMigrationEvent])
	tier.On(mover, users.InboundFederation(), work[*identity.InboundFederationEvent])
	sender := app.Function("sender")
	tier.On(sender, users.CustomEmailSender(), work[*identity.CustomSenderEvent])
	tier.On(sender, users.CustomSMSSender(), work[*identity.CustomSenderEvent])
	datastore.Use[key.Decrypter](sender, codes)
	tier.On(mover, bus.NewFirehose[order]("orders", bus.Newlines()), work[*bus.Transformation[order]])

	api := app.API("members")
	datastore.Use[identity.Exchanger](api, identity.NewExchange(data, "visitors", users))
	datastore.Use[identity.Lister](api, users)
	api.Handle("GET /members/{id}", handler.New(get))
	return app
}

// TestAskedCircles: what would need the user pool before it is made is told, with the
// way on which it does.
func TestAskedCircles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		declare func(app *tier.App, data *datastore.Data, users *identity.Directory, worker *tier.Function)
		want    string
	}{
		{"by a callee", func(app *tier.App, data *datastore.Data, users *identity.Directory, worker *tier.Function) {
			lister := app.Function("lister")
			lister.Invoke(handler.New(list))
			datastore.Use[identity.Lister](lister, users)
			datastore.Use[call.Caller[struct{}, []order]](worker, call.New[struct{}, []order](data, "lister"))
		}, "UsersIdentity needs WorkerFunction needs WorkerRole needs ListerFunction"},
		{"by an exchange", func(_ *tier.App, data *datastore.Data, users *identity.Directory, worker *tier.Function) {
			datastore.Use[identity.Exchanger](worker, identity.NewExchange(data, "visitors", users))
		}, "the function also uses identity visitors"},
		{"with routes", func(app *tier.App, _ *datastore.Data, users *identity.Directory, worker *tier.Function) {
			worker.Invoke(handler.New(list))
			datastore.Use[identity.Getter](worker, users)
		}, "whose id it knows from the events of its triggers alone"},
		{"alone", func(_ *tier.App, _ *datastore.Data, users *identity.Directory, worker *tier.Function) {
			datastore.Use[identity.Getter](worker, users)
		}, ""},
	} {
		data := datastore.New(nil, nil)
		app := tier.New("club")
		users, worker := identity.New(data, "users"), app.Function("worker")
		tier.On(worker, users.PostConfirmation(), work[*identity.PostConfirmationEvent])
		tt.declare(app, data, users, worker)
		switch _, err := template.New(app); {
		case tt.want == "" && err != nil:
			t.Errorf("%s: SAM: %v", tt.name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: SAM = %v, want %q", tt.name, err, tt.want)
		}
	}
}

// TestAsked: a function that answers triggers has the id of the user pool neither in
// its environment nor in its own role, and others have both.
func TestAsked(t *testing.T) {
	t.Parallel()
	all := resourcesOf(t, asked)
	for id, want := range map[string]bool{
		"GreeterFunction": false, "GreeterRole": false, "GreeterRoleDirectory": true, "GuardFunction": false, "GuardRole": false,
		"MembersFunction": true, "MembersRole": true,
	} {
		text, err := json.Marshal(all[id])
		if err != nil || all[id].Type == "" {
			t.Fatalf("%s: %v, %v", id, all[id], err)
		}
		if got := strings.Contains(string(text), `"UsersIdentity"`) || strings.Contains(string(text), "{UsersIdentity}"); got != want {
			t.Errorf("%s refers to the user pool: %v, want %v: %s", id, got, want, text)
		}
	}
	if _, there := all["GuardRoleDirectory"]; there {
		t.Error("a function that does not use the directory has a policy for it")
	}
}
