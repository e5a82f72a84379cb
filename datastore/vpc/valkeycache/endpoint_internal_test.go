package valkeycache

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
)

type noLogin struct{}

func (noLogin) Spec() datastore.Spec { return cache.Spec{} }
func (noLogin) Credentials(context.Context, bool) (string, string, error) {
	return "", "", nil
}

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	serverless, withLogin := cache.Spec{Serverless: true}, cache.Spec{Login: noLogin{}}
	for _, tt := range []struct {
		text string
		spec cache.Spec
		want endpoint
		err  string // a part of it
	}{
		{"redis://h", cache.Spec{}, endpoint{addr: "h:6379"}, ""},
		{"valkeys://h:1/", cache.Spec{}, endpoint{addr: "h:1", tls: true}, ""},
		{"rediss://[::1]:7", cache.Spec{}, endpoint{addr: "[::1]:7", tls: true}, ""},
		{"rediss://u:p%40@h?ca=/f", cache.Spec{}, endpoint{addr: "h:6379", tls: true, user: "u", password: "p@", ca: "/f"}, ""},
		{"rediss://u@h?iam=c&cluster=1", cache.Spec{}, endpoint{addr: "h:6379", tls: true, user: "u", iam: "c", cluster: true}, ""},
		{"rediss://u@h?iam=c", serverless, endpoint{addr: "h:6379", tls: true, user: "u", iam: "c", cluster: true, serverless: true}, ""},
		{"redis://h?cluster=0", serverless, endpoint{addr: "h:6379", serverless: true}, ""},
		{"rediss://h", withLogin, endpoint{addr: "h:6379", tls: true}, ""},

		{"", cache.Spec{}, endpoint{}, "no URL"},
		{"h:6379", cache.Spec{}, endpoint{}, "no URL"},
		{"http://secret:secret@h", cache.Spec{}, endpoint{}, "no URL"},
		{"redis://secret:secret@h/1", cache.Spec{}, endpoint{}, "no URL"},
		{"redis://:secret%zz@h", cache.Spec{}, endpoint{}, "no URL"},
		{"redis://h?%zz", cache.Spec{}, endpoint{}, "no URL"},
		{"redis://h#x", cache.Spec{}, endpoint{}, "no URL"},
		{"redis://h?db=1", cache.Spec{}, endpoint{}, `no parameter "db"`},
		{"redis://h?cluster=yes", cache.Spec{}, endpoint{}, "neither 0 nor 1"},
		{"redis://h?ca=f", cache.Spec{}, endpoint{}, "needs the scheme rediss"},
		{"redis://u@h?iam=c", cache.Spec{}, endpoint{}, "IAM login needs"},
		{"rediss://h?iam=c", cache.Spec{}, endpoint{}, "IAM login needs"},
		{"rediss://u:secret@h?iam=c", cache.Spec{}, endpoint{}, "IAM login needs"},
		{"rediss://u@h", withLogin, endpoint{}, "cache.WithLogin"},
	} {
		got, err := parseEndpoint(tt.text, tt.spec)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "secret") {
				t.Errorf("parseEndpoint(%q): error = %v, want one with %q", tt.text, err, tt.err)
			}
			continue
		}
		if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(endpoint{})); err != nil || d != "" {
			t.Errorf("parseEndpoint(%q): error = %v, (-want +got):\n%s", tt.text, err, d)
		}
	}
}
