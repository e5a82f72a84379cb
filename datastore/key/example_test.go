package key_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filekey"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
)

func ExampleNew() {
	type people interface { // what this function may do, and no more
		key.Sealer
		key.Opener
	}
	api := function("api") // a tier.API
	data := datastore.New([]datastore.Driver{filekey.Memory()}, nil)
	pii := datastore.Use[people](api, key.New(data, "pii", nil))

	ctx := context.Background()
	sealed, err := pii.Seal(ctx, []byte("1 Main Street"), key.Context{"customer": "c1"})
	if err != nil {
		fmt.Println(err)
	}
	address, err := pii.Open(ctx, sealed, key.Context{"customer": "c1"})
	fmt.Println(string(address), err)
	_, err = pii.Open(ctx, sealed, key.Context{"customer": "c2"})
	fmt.Println(err)
	// Output:
	// 1 Main Street <nil>
	// key pii: open: corrupt: this cannot be opened: it was sealed with another context or is damaged
}

// What is small can be encrypted by the key itself, so that each use is in its log.
func ExampleEncrypter() {
	type tokens interface {
		key.Encrypter
		key.Decrypter
	}
	data := datastore.New([]datastore.Driver{filekey.Memory()}, nil)
	pii := datastore.Use[tokens](function("api"), key.New(data, "pii", nil))

	ctx, bound := context.Background(), key.Context{"customer": "c1"}
	encrypted, err := pii.Encrypt(ctx, []byte("token"), bound)
	if err != nil {
		fmt.Println(err)
	}
	token, err := pii.Decrypt(ctx, encrypted, bound)
	fmt.Println(string(token), err)
	_, err = pii.Encrypt(ctx, make([]byte, key.MaxPlaintext+1), bound)
	fmt.Println(errors.Is(err, datastore.ErrTooLarge))
	// Output:
	// token <nil>
	// true
}
