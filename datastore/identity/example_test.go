package identity_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localidentity"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
)

type people interface {
	identity.Creator
	identity.GroupSetter
	identity.Grouper
}

func ExampleNew() {
	api := function("api") // a tier.API
	driver := localidentity.Memory(&localidentity.Options{Groups: []string{"editors"}})
	data := datastore.New([]datastore.Driver{driver}, nil)
	users := datastore.Use[people](api, identity.New(data, "users"))

	ctx := context.Background()
	ada, err := users.Create(ctx, identity.NewUser{Name: "ada", Attributes: map[string]string{"email": "ada@example.com"}})
	fmt.Println(ada.Name, ada.Attributes["email"], err)
	fmt.Println(users.SetGroups(ctx, "ada", []string{"editors"}))
	fmt.Println(users.Groups(ctx, "ada"))
	// Output:
	// ada ada@example.com <nil>
	// <nil>
	// [editors] <nil>
}

func ExampleCustom() {
	data := datastore.New([]datastore.Driver{localidentity.Memory(nil)}, nil)
	users := datastore.Use[identity.Creator](function("api"), identity.New(data, "users", identity.Custom("plan")))

	ctx := context.Background()
	ada, err := users.Create(ctx, identity.NewUser{Name: "ada", Attributes: map[string]string{"custom:plan": "free"}})
	fmt.Println(ada.Attributes["custom:plan"], err)
	_, err = users.Create(ctx, identity.NewUser{Name: "bob", Attributes: map[string]string{"custom:seats": "3"}})
	fmt.Println(errors.Is(err, datastore.ErrInvalid))
	// Output:
	// free <nil>
	// true
}

// Users are found by the beginning of an address, page by page.
func ExampleAll() {
	type store interface {
		identity.Creator
		identity.Lister
	}
	data := datastore.New([]datastore.Driver{localidentity.Memory(nil)}, nil)
	users := datastore.Use[store](function("api"), identity.New(data, "users"))

	ctx := context.Background()
	for _, name := range []string{"ada", "adam", "bob"} {
		if _, err := users.Create(ctx, identity.NewUser{Name: name, Attributes: map[string]string{"email": name + "@example.com"}}); err != nil {
			fmt.Println(err)
		}
	}
	for user, err := range identity.All(ctx, users, identity.Query{Attribute: "email", Value: "ad", Prefix: true, Limit: 1}) {
		fmt.Println(user.Name, err)
	}
	// Output:
	// ada <nil>
	// adam <nil>
}

func ExampleNewExchange() {
	driver := localidentity.Memory(&localidentity.Options{Guests: true})
	data := datastore.New([]datastore.Driver{driver}, nil)
	users := identity.New(data, "users")
	visitors := datastore.Use[identity.Exchanger](function("api"), identity.NewExchange(data, "visitors", users))
	credentials, err := visitors.Exchange(context.Background(), "") // a guest
	fmt.Println(credentials.SecretAccessKey != "", err)
	_, err = visitors.Exchange(context.Background(), "eyJ")
	fmt.Println(err)
	// Output:
	// true <nil>
	// identity visitors: exchange: invalid: NotAuthorizedException: the token is not taken: the directory has issued none
}
