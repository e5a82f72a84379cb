package identity_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filekey"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
)

// sealed is an event with a code, encrypted as Cognito does with the key called name.
func sealed(t *testing.T, data *datastore.Data, driver *filekey.Driver, name, pool string) []byte {
	t.Helper()
	conn, err := driver.OpenKey(t.Context(), data, key.Spec{Logical: name})
	if err != nil {
		t.Fatal(err)
	}
	event, err := identity.NewEvent("CustomEmailSender V1_0", []byte(`{"userPoolId":"`+pool+`","request":{"code":"123456"}}`))
	if err == nil {
		event, err = identity.SealCode(t.Context(), rand.Reader, event, conn)
	}
	if err != nil || bytes.Contains(event, []byte("123456")) {
		t.Fatalf("SealCode = %s, %v", event, err)
	}
	return event
}

// TestCode: a code is opened with the key that it is encrypted with, in an event of the
// user pool that has sent it.
func TestCode(t *testing.T) {
	t.Parallel()
	driver := filekey.Memory()
	data := datastore.New([]datastore.Driver{driver}, nil)
	codes := key.New(data, "codes", nil)
	users := identity.New(data, "users", identity.CodesEncryptedBy(codes))
	decrypter := datastore.Use[key.Decrypter](function("sender"), codes)
	own := sealed(t, data, driver, "codes", "eu-west-1_A1")
	for _, tt := range []struct {
		name  string
		event []byte
		want  error
	}{
		{"own", own, nil},
		{"none", []byte(`{"version":"1","triggerSource":"CustomEmailSender_AccountTakeOverNotification","request":{"code":null}}`), datastore.ErrNotFound},
		{"empty", []byte(`{"version":"1","triggerSource":"CustomEmailSender_SignUp","request":{"code":""}}`), datastore.ErrNotFound},
		{"plain", []byte(`{"version":"1","triggerSource":"CustomEmailSender_SignUp","request":{"code":"MTIzNDU2"}}`), datastore.ErrCorrupt},
		{"of another key", sealed(t, data, driver, "other", "eu-west-1_A1"), datastore.ErrCorrupt},
		{"of another pool", bytes.Replace(own, []byte(`"userPoolId":"eu-west-1_A1"`), []byte(`"userPoolId":"eu-west-1_B2"`), 1), datastore.ErrCorrupt},
	} {
		var e *identity.CustomSenderEvent
		if err := users.CustomEmailSender().Decoder()(&datastore.Record{Data: tt.event}, &e); err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		code, err := e.Request.Code.Open(t.Context(), decrypter)
		if !errors.Is(err, tt.want) || tt.want == nil && string(code) != "123456" || tt.want != nil && code != "" {
			t.Errorf("%s: %q, %v; want %v", tt.name, string(code), err, tt.want)
		}
		if text := fmt.Sprintf("%v %+v %#v %v", code, e, e.Request, err); strings.Contains(text, "123456") {
			t.Errorf("%s: a code shows itself: %s", tt.name, text)
		}
	}
	for _, code := range []string{`5`, `"no base64!"`, `{}`, `"` + strings.Repeat("A", 100_000) + `"`} {
		var e *identity.CustomSenderEvent
		event := []byte(`{"version":"1","triggerSource":"CustomEmailSender_SignUp","request":{"code":` + code + `}}`)
		if err := users.CustomEmailSender().Decoder()(&datastore.Record{Data: event}, &e); !errors.Is(err, datastore.ErrCorrupt) {
			t.Errorf("code %.20s: %v", code, err)
		}
	}
}

// of is a key of which the data keys of the messages are written down.
type of struct{ pool string }

func (o of) Decrypt(_ context.Context, ciphertext []byte, bound key.Context) ([]byte, error) {
	plain, ok := bytes.CutPrefix(ciphertext, []byte("sealed:"))
	if !ok || bound["userpool-id"] != o.pool {
		return nil, &datastore.Error{Kind: datastore.ErrCorrupt}
	}
	return plain, nil
}

// refusing is a key that refuses what it is given.
type refusing struct{ err error }

func (r refusing) Decrypt(context.Context, []byte, key.Context) ([]byte, error) { return nil, r.err }

// TestCodeRefused: a data key that no key can have made is a mistake of the message, and
// other errors of the key are told as they are.
func TestCodeRefused(t *testing.T) {
	t.Parallel()
	driver := filekey.Memory()
	data := datastore.New([]datastore.Driver{driver}, nil)
	var e *identity.CustomSenderEvent
	event := sealed(t, data, driver, "codes", "p")
	if err := identity.New(data, "users").CustomEmailSender().Decoder()(&datastore.Record{Data: event}, &e); err != nil {
		t.Fatal(err)
	}
	for err, want := range map[error]error{
		datastore.ErrInvalid: datastore.ErrCorrupt, datastore.ErrTooLarge: datastore.ErrCorrupt,
		datastore.ErrThrottled: datastore.ErrThrottled, datastore.ErrDenied: datastore.ErrDenied,
	} {
		_, got := e.Request.Code.Open(t.Context(), refusing{err})
		if !errors.Is(got, want) || want != err && errors.Is(got, err) {
			t.Errorf("the key answers %v, Open %v, want %v", err, got, want)
		}
	}
}

// TestCodeOfAWS: a code that the AWS Encryption SDK has encrypted is opened.
func TestCodeOfAWS(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../internal/encryptionsdk/testdata/messages.json")
	var all []struct {
		Name, Text string
		Message    identity.Code
	}
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if strings.HasPrefix(m.Name, "0014") {
			continue
		}
		if code, err := m.Message.Open(t.Context(), of{"eu-west-1_A1"}); err != nil || string(code) != m.Text {
			t.Errorf("%s: %q, %v; want %q", m.Name, string(code), err, m.Text)
		}
	}
}
