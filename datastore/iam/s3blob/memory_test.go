package s3blob_test

import (
	"bytes"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// TestMemory: a stream is never held whole.
func TestMemory(t *testing.T) {
	f := use(onServer(config(t, "http://s3.invalid", &http.Client{Transport: pieces{}}), "bucket"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const size = 120 << 20
	info, err := f.Put(t.Context(), "a", io.LimitReader(zeros{}, size))
	runtime.ReadMemStats(&after)
	if err != nil || info.Size != size {
		t.Fatalf("Put = %+v, %v", info, err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 40<<20 {
		t.Errorf("a Put of %d MiB took %d MiB of memory, want at most 40", size>>20, got>>20)
	}
	before = after
	if _, err := f.Put(t.Context(), "a", strings.NewReader(strings.Repeat("x", 60<<20))); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 65<<20 {
		t.Errorf("a Put of 60 MiB that are in memory took %d MiB, want no copy of them", got>>20)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// pieces is a server of multipart uploads.
type pieces struct{}

func (pieces) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{req.Body}, make([]byte, 4096)); err != nil {
			return nil, err
		}
		req.Body.Close()
	}
	body := "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
	if strings.Contains(req.URL.RawQuery, "uploadId") {
		body = "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>"
	}
	return &http.Response{StatusCode: 200, Header: http.Header{"Etag": {`"e"`}}, Body: io.NopCloser(bytes.NewReader([]byte(body))), Request: req}, nil
}
