package local_test

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// pieces reads n bytes at a time.
type pieces struct {
	r io.Reader
	n int
}

func (p pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), p.n)]) }

// FuzzStreamedAnswer: whatever a function streams, in whatever pieces, the client
// gets an error of the front door, or exactly what follows the first eight NUL
// bytes.
func FuzzStreamedAnswer(f *testing.F) {
	f.Add([]byte(`{"statusCode":201,"headers":{"A":"1"},"multiValueHeaders":{"B":["1","2"]},"cookies":["a=1"]}`+nuls+"body"), 1, true)
	f.Add([]byte(`{}`+nuls+nuls), 7, false)
	f.Add([]byte(`{"statusCode":"204"}`+nuls+"x"), 100, false)
	f.Add([]byte(`{"headers":{"Content-Length":"5","transfer-encoding":"x","":""}}`+nuls), 3, true)
	f.Add([]byte("\x00\x00\x00\x00{}"+nuls), 2, true)
	f.Fuzz(func(t *testing.T, text []byte, size int, rest bool) {
		var door local.Door = local.URL{Stream: true}
		if rest {
			door = local.REST{}
		}
		size = max(1, min(size, 1<<16))
		g := streamGateway(t, door, local.Function{Stream: func(context.Context, []byte) (local.Output, error) {
			return output{Reader: pieces{bytes.NewReader(text), size}, contentType: streamType}, nil
		}}, nil)
		rec, cut := doStream(g, httptest.NewRequest("GET", "/s", nil))
		_, body, found := bytes.Cut(text, []byte(nuls))
		switch {
		case cut:
			t.Error("cut off, although nothing failed")
		case rec.Code == 204 || rec.Code == 304:
			body = nil
		case rec.Code == 502 && (bytes.Contains(rec.Body.Bytes(), []byte("nternal"))):
			return
		}
		if !found || !bytes.Equal(rec.Body.Bytes(), body) {
			t.Errorf("%q gives %d %q", text, rec.Code, rec.Body)
		}
	})
}
