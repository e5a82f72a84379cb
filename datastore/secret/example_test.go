package secret_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filesecret"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

func ExampleNew() {
	ctx, secrets := context.Background(), filesecret.Memory()
	if err := secrets.Set("", "stripe", []byte(`{"key": "sk_test_1"}`)); err != nil {
		fmt.Println(err)
	}
	data := datastore.New([]datastore.Driver{secrets}, nil)
	api := function("api") // a tier.API

	keys := datastore.Use[secret.Getter[Stripe]](api, secret.New[Stripe](data, "stripe", secret.Manager, nil))
	stripe, err := keys.Get(ctx)
	fmt.Println(stripe, err)
	fmt.Println("the key has", len(string(stripe.Key)), "characters")

	other := datastore.Use[secret.Getter[string]](api, secret.New[string](data, "mail", secret.Parameter, nil))
	_, err = other.Get(ctx)
	fmt.Println(err)
	// Output:
	// {[redacted]} <nil>
	// the key has 9 characters
	// secret mail: get: not found: it has no value on this machine; set one: go run . secret set mail
}

// A value is kept for a while. When it is refused because it was rotated, it is asked
// for anew; what was signed with the one before can still be checked.
func ExampleFresher() {
	type signing interface {
		secret.Getter[string]
		secret.Fresher[string]
		secret.Previous[string]
		secret.Versioner
	}
	secrets := filesecret.Memory()
	set := func(value string) {
		if err := secrets.Set("", "cookies", []byte(value)); err != nil {
			fmt.Println(err)
		}
	}
	data := datastore.New([]datastore.Driver{secrets}, nil)
	keys := datastore.Use[signing](function("api"), secret.New[string](data, "cookies", secret.Manager, nil))

	ctx := context.Background()
	set("first")
	fmt.Println(keys.Get(ctx))
	set("second")
	fmt.Println(keys.Get(ctx))
	fmt.Println(keys.Fresh(ctx))
	fmt.Println(keys.Previous(ctx))
	fmt.Println(keys.Version(ctx))
	// Output:
	// first <nil>
	// first <nil>
	// second <nil>
	// first <nil>
	// 2 <nil>
}

func ExampleNewLogin() {
	data := datastore.New([]datastore.Driver{filesecret.Memory()}, nil)
	login := secret.NewLogin(data, "orders-db", nil)
	user, password, err := login.Credentials(context.Background(), false)
	fmt.Println(user, len(password) > 20, err) // made for the database of this machine
	// Output: orders_db true <nil>
}

// signingKeys makes keys that nobody else needs to know.
type signingKeys struct{}

func (signingKeys) Create(context.Context, *secret.Text) (secret.Text, error) {
	return secret.Text(rand.Text()), nil
}

func (signingKeys) Set(context.Context, secret.Text, *secret.Text) error { return nil }

func (signingKeys) Test(context.Context, secret.Text) error { return nil }

// A secret that a function gives another value each month:
//
//	tier.On(app.Function("rotator"), keys.Rotation(30*24*time.Hour), secret.Steps(signingKeys{}))
func ExampleSteps() {
	data := datastore.New([]datastore.Driver{filesecret.Memory()}, nil)
	rotation := secret.New[secret.Text](data, "cookies", secret.Manager, nil).Rotation(30 * 24 * time.Hour)
	do := secret.Steps(signingKeys{})
	fmt.Println(do != nil, rotation.Feed().Service, rotation.Feed().Every, data.Errs())
	// Output: true secretsmanager 720h0m0s []
}
