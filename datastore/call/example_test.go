package call_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localcall"
)

type Image struct {
	Width, Height int
}

// resize is a function as others call it. In a program tier/run runs those of the App.
func resize(_ context.Context, name string, payload []byte) ([]byte, error) {
	var in Image
	if name != "resize" {
		return nil, localcall.ErrNoFunction
	}
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, err
	}
	if in.Width == 0 {
		return nil, &call.RemoteError{Type: "EmptyImage", Message: "nothing to resize"}
	}
	return json.Marshal(Image{in.Width / 2, in.Height / 2})
}

func ExampleNew() {
	type resizer interface { // what this function may do, and no more
		call.Caller[Image, Image]
	}
	data := datastore.New([]datastore.Driver{localcall.New(resize, nil)}, nil)
	api := function("api") // a tier.API
	images := datastore.Use[resizer](api, call.New[Image, Image](data, "resize"))

	fmt.Println(images.Call(context.Background(), Image{800, 600}))
	// Output: {400 300} <nil>
}

// A function that ran and failed says how.
func ExampleRemoteError() {
	data := datastore.New([]datastore.Driver{localcall.New(resize, nil)}, nil)
	images := datastore.Use[call.Caller[Image, Image]](function("api"), call.New[Image, Image](data, "resize"))

	_, err := images.Call(context.Background(), Image{})
	fmt.Println(errors.Is(err, datastore.ErrUnknown))
	if remote, ok := errors.AsType[*call.RemoteError](err); ok {
		fmt.Println(remote.Type, remote.Message)
	}
	// Output:
	// true
	// EmptyImage nothing to resize
}

// What is started runs later, and its caller does not wait.
func ExampleStarter() {
	functions := localcall.New(func(_ context.Context, name string, payload []byte) ([]byte, error) {
		fmt.Println(name, string(payload))
		return nil, nil
	}, nil)
	data := datastore.New([]datastore.Driver{functions}, nil)
	images := datastore.Use[call.Starter[Image]](function("api"), call.New[Image, struct{}](data, "resize"))

	ctx := context.Background()
	err := images.Start(ctx, Image{800, 600})
	fmt.Println(errors.Join(err, functions.Wait(ctx)))
	// Output:
	// resize {"Width":800,"Height":600}
	// <nil>
}
