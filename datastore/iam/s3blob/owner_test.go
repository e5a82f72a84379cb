package s3blob_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

// roles is an HTTP client that is AWS STS and S3: the key of an owner is AKID and the
// values of its tags. It notes whose key signed each request to S3.
type roles struct {
	until  time.Time
	signed []string
}

func (r *roles) RoundTrip(req *http.Request) (*http.Response, error) {
	answer := func(body string) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{"Etag": {`"x"`}}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
	}
	if req.Method != "POST" {
		_, key, _ := strings.Cut(req.Header.Get("Authorization"), "Credential=")
		key, _, _ = strings.Cut(key, "/")
		r.signed = append(r.signed, key)
		return answer("")
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	return answer(fmt.Sprintf(`<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKID%s%s</AccessKeyId>`+
		`<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
		form.Get("Tags.member.1.Value"), form.Get("Tags.member.2.Value"), r.until.UTC().Format(time.RFC3339)))
}

// TestOwnerRole: requests for an owner's objects are signed by the owner's credentials, and
// signed URLs end with these; without an owner nothing is sent.
func TestOwnerRole(t *testing.T) {
	t.Parallel()
	r := &roles{until: time.Now().Add(10 * time.Minute).Truncate(time.Second)}
	bucket := blob.New(withRole(config(t, "http://scripted.invalid", &http.Client{Transport: r}), "files"), "files")
	type store interface {
		blob.Deleter
		blob.GetSigner
	}
	tenants := datastore.Use[store](function{}, bucket.PerTenant())
	both := datastore.Use[store](function{}, bucket.PerCaller().PerTenant())
	whole := datastore.Use[store](function{}, bucket)
	ctx := datastore.WithCallerID(datastore.WithTenant(t.Context(), "a/b"), "ann")
	for name, err := range map[string]error{
		"the tenant": tenants.Delete(ctx, "a=2Fb/x"), "the caller": both.Delete(ctx, "a=2Fb/ann/x"), "the function": whole.Delete(ctx, "x"),
		"another tenant": tenants.Delete(datastore.WithTenant(ctx, "c"), "c/x"),
	} {
		if err != nil {
			t.Errorf("Delete for %s: %v", name, err)
		}
	}
	for _, want := range []string{"AKIDa=2Fb", "AKIDanna=2Fb", "AKIDEXAMPLE", "AKIDc"} {
		if n := strings.Count(" "+strings.Join(r.signed, " ")+" ", " "+want+" "); n != 1 {
			t.Errorf("%d requests are signed by %s, want 1 of %v", n, want, r.signed)
		}
	}
	for ttl, want := range map[time.Duration]time.Time{time.Hour: r.until, time.Minute: time.Now().Add(time.Minute)} {
		signed, err := tenants.SignGet(ctx, "a=2Fb/x", ttl)
		if err != nil || signed.Expires.Sub(want).Abs() > 30*time.Second || !strings.Contains(signed.URL, "AKIDa%3D2Fb%2F") {
			t.Errorf("SignGet for %v: %+v, %v; want it signed by the tenant's key until %v", ttl, signed, err, want)
		}
	}
	if signed, err := whole.SignGet(ctx, "x", time.Hour); err != nil || time.Until(signed.Expires) < 50*time.Minute {
		t.Errorf("SignGet of the whole bucket: %+v, %v; want it until in an hour", signed, err)
	}
	r.signed, r.until = nil, time.Time{}
	for name, ctx := range map[string]context.Context{"nobody": t.Context(), "a caller": datastore.WithCallerID(t.Context(), "a=2Fb"), "no tag": datastore.WithTenant(t.Context(), "a*")} {
		if err := tenants.Delete(ctx, "a=2Fb/x"); !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("Delete for %s: error = %v, want %v", name, err, datastore.ErrDenied)
		}
		if _, err := tenants.SignGet(ctx, "a=2Fb/x", time.Minute); !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("SignGet for %s: error = %v, want %v", name, err, datastore.ErrDenied)
		}
	}
	if len(r.signed) > 0 {
		t.Errorf("sent %v, want nothing", r.signed)
	}
}
