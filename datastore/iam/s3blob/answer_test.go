package s3blob_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/s3blob"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
)

// scripted is a bucket whose server answers as told.
func scripted[C any](t testing.TB, answers ...faults.Answer) (C, *faults.Script) {
	t.Helper()
	script := faults.NewScript(t, answers...)
	data := onServer(config(t, "http://s3.invalid", script.Client()), "bucket")
	return datastore.Use[C](function{}, blob.New(data, "files")), script
}

func failure(status int, code string) faults.Answer {
	return faults.Answer{Status: status, Body: "<Error><Code>" + code + "</Code><Message>why</Message></Error>"}
}

func listing(keys ...string) faults.Answer {
	body := "<ListBucketResult>"
	for _, key := range keys {
		body += "<Contents><Key>" + key + "</Key></Contents>"
	}
	return faults.Answer{Body: body + "</ListBucketResult>"}
}

func object(body string, header http.Header) faults.Answer {
	h := http.Header{"Content-Length": {fmt.Sprint(len(body))}, "Etag": {`"e"`}}
	for name, values := range header {
		h[name] = values
	}
	return faults.Answer{Body: body, Header: h}
}

// TestDenied: what S3 denies is looked for, by those who may list.
func TestDenied(t *testing.T) {
	t.Parallel()
	denied := failure(403, "AccessDenied")
	for _, c := range []struct {
		name   string
		second faults.Answer
		want   error
	}{
		{"not there", listing(), datastore.ErrNotFound},
		{"there", listing("in/a"), datastore.ErrDenied},
		{"only longer keys", listing("in/ab"), datastore.ErrNotFound},
		{"listing denied too", denied, datastore.ErrDenied},
	} {
		f, script := scripted[files](t, denied, c.second, denied, c.second, denied, c.second)
		_, get := f.Get(t.Context(), "in/a")
		_, stat := f.Stat(t.Context(), "in/a")
		_, cp := f.Copy(t.Context(), "b", "in/a")
		for op, err := range map[string]error{"Get": get, "Stat": stat, "Copy": cp} {
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %s: error = %v, want %v", c.name, op, err, c.want)
			}
		}
		if url := script.Requests()[1].URL; !strings.Contains(url, "prefix=in%2Fa") || !strings.Contains(url, "max-keys=1") {
			t.Errorf("%s: looked by %s", c.name, url)
		}
	}
	f, _ := scripted[blob.Getter](t, denied)
	if _, err := f.Get(t.Context(), "a"); !errors.Is(err, datastore.ErrDenied) || !strings.Contains(err.Error(), "blob.Lister") {
		t.Errorf("Get without Lister = %v, want ErrDenied that says why", err)
	}
}

// TestCodes: what S3 answers becomes the sentinel that callers act on, with the
// SDK's error below.
func TestCodes(t *testing.T) {
	t.Parallel()
	put := func(opts ...blob.PutOption) func(context.Context, files) error {
		return func(ctx context.Context, f files) error {
			_, err := f.Put(ctx, "a", strings.NewReader("x"), opts...)
			return err
		}
	}
	get := func(ctx context.Context, f files) error { _, err := f.Get(ctx, "a", blob.Range(5, 1)); return err }
	list := func(ctx context.Context, f files) error { _, err := f.List(ctx, blob.Query{}); return err }
	ok := faults.Answer{Header: http.Header{"Etag": {`"e"`}}}
	for _, c := range []struct {
		name    string
		do      func(context.Context, files) error
		answers []faults.Answer
		want    error
	}{
		{"slow down, then fine", put(), []faults.Answer{failure(503, "SlowDown"), ok}, nil},
		{"conflict of writers, then fine", put(blob.Absent()), []faults.Answer{failure(409, "ConditionalRequestConflict"), ok}, nil},
		{"conflict of writers, then there", put(blob.Absent()), []faults.Answer{failure(409, "ConditionalRequestConflict"), failure(412, "PreconditionFailed")}, datastore.ErrConflict},
		{"the object to replace is gone", put(blob.IfMatch(`"x"`)), []faults.Answer{failure(404, "NoSuchKey")}, datastore.ErrConflict},
		{"the request was idle", put(), []faults.Answer{failure(400, "RequestTimeout"), ok}, nil},
		{"bytes changed on their way", put(), []faults.Answer{failure(400, "BadDigest"), ok}, nil},
		{"no such bucket", put(), []faults.Answer{failure(404, "NoSuchBucket")}, datastore.ErrUnavailable},
		{"wrong key", put(), []faults.Answer{failure(403, "InvalidAccessKeyId")}, datastore.ErrDenied},
		{"too large", put(), []faults.Answer{failure(400, "EntityTooLarge")}, datastore.ErrTooLarge},
		{"wrong range", get, []faults.Answer{failure(416, "InvalidRange")}, datastore.ErrInvalid},
		{"archived", get, []faults.Answer{failure(403, "InvalidObjectState")}, datastore.ErrUnavailable},
		{"throttled list", list, []faults.Answer{failure(503, "SlowDown"), listing()}, nil},
		{"copy too large", func(ctx context.Context, f files) error { _, err := f.Copy(ctx, "b", "a"); return err },
			[]faults.Answer{failure(400, "InvalidRequest")}, datastore.ErrTooLarge},
		{"copy that fails in its body", func(ctx context.Context, f files) error { _, err := f.Copy(ctx, "b", "a"); return err },
			[]faults.Answer{failure(200, "InternalError"), {Body: "<CopyObjectResult><ETag>x</ETag></CopyObjectResult>"}}, nil},
		{"delete on a condition that fails inside", func(ctx context.Context, f files) error { return f.Delete(ctx, "a", blob.IfMatch(`"x"`)) },
			[]faults.Answer{failure(500, "InternalError")}, datastore.ErrUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f, _ := scripted[files](t, c.answers...)
				err := c.do(t.Context(), f)
				if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
					t.Fatalf("error = %v, want %v", err, c.want)
				}
				var native smithy.APIError
				if err != nil && !errors.As(err, &native) {
					t.Errorf("error = %v has no smithy.APIError below", err)
				}
			})
		})
	}
}

// TestOwnWrite: a conditional write whose answer was lost is ours only if the
// object says so; if it cannot be read, nobody knows.
func TestOwnWrite(t *testing.T) {
	t.Parallel()
	lost, there := faults.Answer{Err: io.ErrUnexpectedEOF}, failure(412, "PreconditionFailed")
	for _, c := range []struct {
		name string
		last faults.Answer
		want error
	}{
		{"another's", faults.Answer{Header: http.Header{"X-Amz-Meta-Tierkit-Write": {"other"}, "Etag": {`"e"`}}}, datastore.ErrUnknown},
		{"without an id", faults.Answer{Header: http.Header{"Etag": {`"e"`}}}, datastore.ErrUnknown},
		{"may not be read", faults.Answer{Status: 403}, datastore.ErrUnknown},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, _ := scripted[blob.Putter](t, lost, there, c.last)
			if _, err := f.Put(t.Context(), "a", nil, blob.Absent()); !errors.Is(err, c.want) {
				t.Errorf("%s: error = %v, want %v", c.name, err, c.want)
			}
		})
	}
}

// TestChecksum: what does not fit the checksum that is stored is corrupt, and a
// Put sends one.
func TestChecksum(t *testing.T) {
	t.Parallel()
	sum := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte("content"))))
	header := http.Header{"X-Amz-Checksum-Crc32": {sum}}
	f, script := scripted[files](t, object("content", header), object("cXntent", header), faults.Answer{Header: http.Header{"Etag": {`"e"`}}})
	if text, _, err := blob.ReadAll(t.Context(), f, "a", 100); err != nil || string(text) != "content" {
		t.Errorf("Get = %q, %v", text, err)
	}
	if text, _, err := blob.ReadAll(t.Context(), f, "a", 100); !errors.Is(err, datastore.ErrCorrupt) {
		t.Errorf("Get of what was changed = %q, %v, want ErrCorrupt", text, err)
	}
	put(t, f, "a", "content")
	if req := script.Requests()[2]; req.Header.Get("X-Amz-Checksum-Crc32") != sum && !strings.Contains(req.Body, sum) {
		t.Errorf("Put sent no checksum: %v", req.Header)
	}
	if mode := script.Requests()[0].Header.Get("X-Amz-Checksum-Mode"); mode != "ENABLED" {
		t.Errorf("Get asked for the checksum by %q", mode)
	}
}

// TestDeleteMany: keys that S3 fails to delete are told with their positions, and
// those that it failed on for a moment are asked for again.
func TestDeleteMany(t *testing.T) {
	t.Parallel()
	failed := func(keyCodes ...string) faults.Answer {
		body := "<DeleteResult>"
		for i := 0; i < len(keyCodes); i += 2 {
			body += "<Error><Key>" + keyCodes[i] + "</Key><Code>" + keyCodes[i+1] + "</Code></Error>"
		}
		return faults.Answer{Body: body + "</DeleteResult>"}
	}
	synctest.Test(t, func(t *testing.T) {
		f, script := scripted[files](t, failed("b", "InternalError", "c", "AccessDenied"), failed("b", "SlowDown"), failed())
		err := f.DeleteMany(t.Context(), []string{"a", "b", "c", "a", "c"})
		var partial *datastore.PartialError
		if !errors.As(err, &partial) || !errors.Is(err, datastore.ErrDenied) || len(partial.Failed) != 2 || partial.Failed[0].Index != 2 || partial.Failed[1].Index != 4 {
			t.Errorf("DeleteMany = %v, want the positions 2 and 4 denied", err)
		}
		if last := script.Requests()[2].Body; strings.Count(last, "<Key>") != 1 || !strings.Contains(last, "<Key>b</Key>") {
			t.Errorf("the last request = %s, want b alone", last)
		}
		if first := script.Requests()[0].Body; strings.Count(first, "<Key>") != 3 {
			t.Errorf("the first request = %s, want each key once", first)
		}
	})
}

// TestTokenOfServer: a place that S3 refuses is the client's mistake.
func TestTokenOfServer(t *testing.T) {
	t.Parallel()
	f, _ := scripted[files](t,
		faults.Answer{Body: "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>"},
		failure(400, "InvalidArgument"))
	page, err := f.List(t.Context(), blob.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.List(t.Context(), blob.Query{After: page.Next}); !errors.Is(err, datastore.ErrInvalid) {
		t.Errorf("List = %v, want ErrInvalid", err)
	}
}

// TestEncodedListing: keys that XML cannot hold come encoded.
func TestEncodedListing(t *testing.T) {
	t.Parallel()
	encoded := func(key string) faults.Answer {
		return faults.Answer{Body: "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>" + key + "</Key></Contents></ListBucketResult>"}
	}
	f, _ := scripted[files](t, encoded("a%01b+c%2Bd/%C3%BC"), encoded("%zz"))
	page, err := f.List(t.Context(), blob.Query{})
	if err != nil || page.Items[0].Key != "a\x01b c+d/ü" {
		t.Errorf("List = %+v, %v", page, err)
	}
	if _, err := f.List(t.Context(), blob.Query{}); !errors.Is(err, datastore.ErrCorrupt) {
		t.Errorf("List of what is wrongly encoded = %v, want ErrCorrupt", err)
	}
}

// slowly is a server that takes a body at a steady pace, and may stop.
type slowly struct {
	pause time.Duration // for each MiB
	stop  int           // after so many; 0 for never
	tried int
}

func (s *slowly) RoundTrip(req *http.Request) (*http.Response, error) {
	s.tried++
	defer req.Body.Close()
	for i := 1; ; i++ {
		_, err := io.CopyN(io.Discard, req.Body, 1<<20)
		if err == io.EOF {
			return &http.Response{StatusCode: 200, Header: http.Header{"Etag": {`"e"`}}, Body: http.NoBody, Request: req}, nil
		}
		if err != nil {
			return nil, err
		}
		timer := time.NewTimer(s.pause)
		if i == s.stop {
			timer.Stop()
		}
		select {
		case <-timer.C:
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
}

// TestSlowUpload: an upload is not given up while its bytes move, however little
// time an attempt has; one that stands still is.
func TestSlowUpload(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		serve *slowly
		tried int
		limit time.Duration
		want  error
	}{
		{"steady", &slowly{pause: 800 * time.Millisecond}, 1, 7 * time.Second, nil},
		{"stands still", &slowly{pause: 10 * time.Millisecond, stop: 3}, 2, 10 * time.Second, datastore.ErrUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := use(onServer(config(t, "http://s3.invalid", &http.Client{Transport: c.serve}), "bucket"))
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				begin := time.Now()
				_, err := f.Put(ctx, "a", strings.NewReader(strings.Repeat("x", 8<<20)))
				if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || c.serve.tried < c.tried || time.Since(begin) > c.limit {
					t.Errorf("Put = %v after %v and %d attempts, want %v", err, time.Since(begin), c.serve.tried, c.want)
				}
			})
		})
	}
}

// TestOpen: nothing is sent without a name, and a name may be an ARN.
func TestOpen(t *testing.T) {
	t.Parallel()
	unnamed := datastore.New([]datastore.Driver{s3blob.With(config(t, "http://s3.invalid", nil))}, nil)
	if _, err := use(unnamed).Stat(t.Context(), "a"); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "TIERKIT_BLOB_FILES") {
		t.Errorf("Stat without a name = %v", err)
	}
	script := faults.NewScript(t, faults.Answer{Status: 404})
	f := use(onServer(config(t, "http://s3.invalid", script.Client()), "arn:aws:s3:::bucket"))
	if _, err := f.Stat(t.Context(), "a b"); !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("Stat = %v", err)
	}
	if got := script.Requests()[0]; got.URL != "http://s3.invalid/bucket/a%20b" {
		t.Errorf("asked for %s", got.URL)
	}
}

func ExampleWith() {
	cfg := aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String("http://127.0.0.1:7070"),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
	data := datastore.New([]datastore.Driver{s3blob.With(cfg)}, &datastore.Options{
		Lookup: func(string) (string, bool) { return "my-bucket", true },
	})
	files := datastore.Use[blob.GetSigner](function{}, blob.New(data, "files"))
	signed, err := files.SignGet(context.Background(), "in/cat.jpg", time.Minute)
	before, _, _ := strings.Cut(signed.URL, "?")
	fmt.Println(signed.Method, before, err)
	// Output: GET http://127.0.0.1:7070/my-bucket/in/cat.jpg <nil>
}
