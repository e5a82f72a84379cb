package tier

import (
	"context"
	"fmt"
	"strconv"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// ofVersion has h handle the messages of the version that a feed is declared with, and
// fails the others.
func ofVersion(feed datastore.Feed, h handler.Handler) handler.Handler {
	if feed.Version == 0 {
		return h
	}
	want := strconv.Itoa(feed.Version)
	return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		got := ""
		if r := datastore.RecordFrom(ctx); r != nil {
			got = r.Attribute(datastore.VersionAttribute)
		}
		if got != want {
			return nil, otherVersion(feed, got)
		}
		return h.Handle(ctx, req)
	})
}

// otherVersion is why a message fails. Its version is what somebody sent, and may be
// anything.
func otherVersion(feed datastore.Feed, got string) error {
	n, err := strconv.Atoi(got)
	switch {
	case got == "":
		got = "no version"
	case err != nil:
		got = fmt.Sprintf("version %.20q", got)
	default:
		got = versionText(n)
	}
	return fmt.Errorf("the message is of %s, and %s %s is declared with %s", got, feed.Spec.Kind(), feed.Spec.Name(), versionText(feed.Version))
}

func versionText(n int) string {
	if n == 0 {
		return "no version"
	}
	return "version " + strconv.Itoa(n)
}
