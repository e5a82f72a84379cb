package middleware

import (
	"bytes"
	"net/http"
	"reflect"
	"testing"
	"time"
)

// FuzzReadKept: what is stored is read as it was written, or refused.
func FuzzReadKept(f *testing.F) {
	at := time.UnixMilli(1_900_000_000_000)
	for _, k := range []kept{
		{pass: true},
		{status: 200, made: at, until: at},
		{status: 404, made: at, until: at.Add(time.Hour), age: time.Second, whileMaking: time.Minute, onError: time.Hour,
			header: http.Header{"Link": {"<a>", "<b>"}, "Etag": {`"x"`}}, body: []byte("hello")},
	} {
		f.Add(k.bytes())
	}
	f.Add([]byte{formAnswer, 0xc8, 0x01, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, stored []byte) {
		k, err := readKept(stored)
		if err != nil {
			return
		}
		if len(k.body) > len(stored) {
			t.Fatalf("a body of %d bytes from %d", len(k.body), len(stored))
		}
		again, err := readKept(k.bytes())
		again.header, k.header = onlyKept(again.header), onlyKept(k.header)
		if err != nil || !reflect.DeepEqual(k.header, again.header) || !bytes.Equal(k.body, again.body) || k.status != again.status || !k.until.Equal(again.until) {
			t.Fatalf("%+v was read again as %+v, %v", k, again, err)
		}
	})
}

func onlyKept(h http.Header) http.Header {
	own := http.Header{}
	for name, values := range h {
		if isKept(name) {
			own[name] = values
		}
	}
	return own
}
