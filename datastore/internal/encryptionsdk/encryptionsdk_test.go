package encryptionsdk_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/encryptionsdk"
)

// message is one that the AWS Encryption SDK for Python has written, by
// testdata/messages.py.
type message struct {
	Name, Text string
	Message    []byte
}

func messages(t testing.TB) (all []message) {
	t.Helper()
	text, err := os.ReadFile("testdata/messages.json")
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil || len(all) == 0 {
		t.Fatal(err)
	}
	return all
}

// unwrap is the key of the messages: it writes data keys down as they are.
func unwrap(_ context.Context, encrypted []byte, _ map[string]string) ([]byte, error) {
	if key, ok := bytes.CutPrefix(encrypted, []byte("sealed:")); ok {
		return key, nil
	}
	return nil, &datastore.Error{Kind: datastore.ErrCorrupt}
}

func wrap(context.Context, map[string]string) (key, encrypted []byte, err error) {
	key = bytes.Repeat([]byte{7}, 32)
	return key, append([]byte("sealed:"), key...), nil
}

// TestOpen: what the AWS Encryption SDK has encrypted is read.
func TestOpen(t *testing.T) {
	t.Parallel()
	for _, m := range messages(t) {
		text, bound, err := encryptionsdk.Open(t.Context(), m.Message, unwrap)
		if strings.HasPrefix(m.Name, "0014") { // a suite of 128 bits without derivation
			if !errors.Is(err, datastore.ErrCorrupt) {
				t.Errorf("%s: %v", m.Name, err)
			}
			continue
		}
		if err != nil || string(text) != m.Text || bound["userpool-id"] != "eu-west-1_A1" || bound["ä"] != "ö" {
			t.Errorf("%s: %q of %v, %v; want %q", m.Name, text, bound, err, m.Text)
		}
	}
}

// TestChanged: a message of which any bit is another, that ends early or goes on, is
// refused, whatever in it the change is in, and no text of it is given.
func TestChanged(t *testing.T) {
	t.Parallel()
	sealed, err := encryptionsdk.Seal(t.Context(), rand.Reader, []byte("123456"), map[string]string{"userpool-id": "p"}, "arn:aws:kms:eu-west-1:123456789012:key/1", wrap)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range append(messages(t), message{Name: "our own", Message: sealed}) {
		if strings.HasPrefix(m.Name, "0014") || len(m.Message) > 600 {
			continue
		}
		signed := strings.HasPrefix(m.Name, "03") || strings.HasPrefix(m.Name, "05") || m.Name == "our own"
		for i := range m.Message {
			if !signed && i%7 > 0 || signed && i%23 > 0 { // signatures take their time
				continue
			}
			changed := bytes.Clone(m.Message)
			changed[i] ^= 1 << (i % 8)
			if text, _, err := encryptionsdk.Open(t.Context(), changed, unwrap); !errors.Is(err, datastore.ErrCorrupt) || text != nil {
				t.Errorf("%s, byte %d changed: %q, %v", m.Name, i, text, err)
			}
			if text, _, err := encryptionsdk.Open(t.Context(), m.Message[:i], unwrap); !errors.Is(err, datastore.ErrCorrupt) || text != nil {
				t.Errorf("%s, %d bytes: %q, %v", m.Name, i, text, err)
			}
		}
		if text, _, err := encryptionsdk.Open(t.Context(), append(bytes.Clone(m.Message), 0), unwrap); !errors.Is(err, datastore.ErrCorrupt) || text != nil {
			t.Errorf("%s, and a byte more: %q, %v", m.Name, text, err)
		}
	}
}

// TestSeal: what is written is read, of any size, and with its context.
func TestSeal(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 6, 32 << 10} {
		text := bytes.Repeat([]byte{'x'}, size)
		sealed, err := encryptionsdk.Seal(t.Context(), rand.Reader, text, map[string]string{"userpool-id": "p"}, "arn", wrap)
		if err != nil {
			t.Fatal(err)
		}
		got, bound, err := encryptionsdk.Open(t.Context(), sealed, unwrap)
		if err != nil || !bytes.Equal(got, text) || bound["userpool-id"] != "p" {
			t.Errorf("%d bytes: %d of %v, %v", size, len(got), bound, err)
		}
	}
}

// TestUnwrap: an error of the key is told as it is, and a data key of another size or
// another key is refused.
func TestUnwrap(t *testing.T) {
	t.Parallel()
	for _, m := range messages(t) {
		if strings.HasPrefix(m.Name, "0014") {
			continue
		}
		for _, tt := range []struct {
			name string
			key  []byte
			err  error
			want error
		}{
			{"another data key", bytes.Repeat([]byte{9}, 32), nil, datastore.ErrCorrupt},
			{"a short data key", []byte("short"), nil, datastore.ErrCorrupt},
			{"none", nil, nil, datastore.ErrCorrupt},
			{"throttled", nil, datastore.ErrThrottled, datastore.ErrThrottled},
		} {
			_, _, err := encryptionsdk.Open(t.Context(), m.Message, func(_ context.Context, _ []byte, bound map[string]string) ([]byte, error) {
				if bound["userpool-id"] == "" {
					t.Errorf("%s: the data key is bound to %v", m.Name, bound)
				}
				return tt.key, tt.err
			})
			if !errors.Is(err, tt.want) {
				t.Errorf("%s, %s: %v", m.Name, tt.name, err)
			}
		}
	}
	if _, _, err := encryptionsdk.Open(t.Context(), make([]byte, encryptionsdk.MaxMessage+1), unwrap); !errors.Is(err, datastore.ErrCorrupt) {
		t.Errorf("a message that is too long: %v", err)
	}
}

// FuzzOpen: what is no message is refused, and nothing panics.
func FuzzOpen(f *testing.F) {
	for _, m := range messages(f) {
		f.Add(m.Message)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, _, err := encryptionsdk.Open(t.Context(), data, unwrap)
		if err != nil && (text != nil || !errors.Is(err, datastore.ErrCorrupt)) {
			t.Errorf("%q, %v", text, err)
		}
	})
}
