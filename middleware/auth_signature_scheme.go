package middleware

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// GitHub signs the body alone, without a time, in X-Hub-Signature-256: "sha256=" and
// hexadecimal digits.
//
// See https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
func GitHub() SignatureScheme {
	return SignatureScheme{Name: "github", Read: func(req *handler.Request, body []byte) (Signature, bool, error) {
		value, ok, err := one(req, "X-Hub-Signature-256")
		if !ok || err != nil {
			return Signature{}, false, err
		}
		mac, err := hexMAC(value, "sha256=")
		return Signature{Signed: [][]byte{body}, MACs: [][]byte{mac}}, true, err
	}}
}

// Slack signs "v0:TIME:BODY" in X-Slack-Signature, "v0=" and hexadecimal digits, with
// the time in X-Slack-Request-Timestamp.
//
// See https://docs.slack.dev/authentication/verifying-requests-from-slack
func Slack() SignatureScheme {
	return SignatureScheme{Name: "slack", Read: func(req *handler.Request, body []byte) (Signature, bool, error) {
		value, ok, err := one(req, "X-Slack-Signature")
		if !ok || err != nil {
			return Signature{}, false, err
		}
		text, _, err := one(req, "X-Slack-Request-Timestamp")
		if err != nil {
			return Signature{}, false, err
		}
		at, err := unixTime(text)
		if err != nil {
			return Signature{}, false, err
		}
		mac, err := hexMAC(value, "v0=")
		return Signature{Signed: [][]byte{[]byte("v0:" + text + ":"), body}, MACs: [][]byte{mac}, Time: at}, true, err
	}}
}

// Stripe signs "TIME.BODY" in Stripe-Signature: "t=TIME,v1=HEX", with a v1 for each
// secret that is in use. Signatures of other versions do not count.
//
// See https://docs.stripe.com/webhooks#verify-manually
func Stripe() SignatureScheme {
	return SignatureScheme{Name: "stripe", Read: func(req *handler.Request, body []byte) (Signature, bool, error) {
		value, ok, err := one(req, "Stripe-Signature")
		if !ok || err != nil {
			return Signature{}, false, err
		}
		var text string
		sig := Signature{}
		for rest := value; rest != "" && len(sig.MACs) < maxMACs; {
			var item string
			item, rest, _ = strings.Cut(rest, ",")
			switch name, of, _ := strings.Cut(item, "="); name {
			case "t":
				if text != "" {
					return Signature{}, false, errMalformed
				}
				text = of
			case "v1":
				mac, err := hexMAC(of, "")
				if err != nil {
					return Signature{}, false, err
				}
				sig.MACs = append(sig.MACs, mac)
			}
		}
		sig.Time, err = unixTime(text)
		sig.Signed = [][]byte{[]byte(text + "."), body}
		return sig, true, err
	}}
}

// StandardWebhooks is the scheme of several services (Svix and those that use it among
// them): "ID.TIME.BODY" is signed in Webhook-Signature, "v1," and base64, of which there
// may be several with spaces between them. Secrets are "whsec_" and base64. name is the
// service.
//
// See https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
func StandardWebhooks(name string) SignatureScheme {
	return SignatureScheme{Name: name, Read: readStandard, Key: standardKey}
}

func readStandard(req *handler.Request, body []byte) (Signature, bool, error) {
	value, ok, err := one(req, "Webhook-Signature")
	if !ok || err != nil {
		return Signature{}, false, err
	}
	id, hasID, err := one(req, "Webhook-Id")
	// The id has no dot, or its parts could be those of another message.
	if err != nil || !hasID || strings.IndexByte(id, '.') >= 0 {
		return Signature{}, false, errMalformed
	}
	text, _, err := one(req, "Webhook-Timestamp")
	if err != nil {
		return Signature{}, false, err
	}
	sig := Signature{Signed: [][]byte{[]byte(id + "." + text + "."), body}}
	for rest := value; rest != "" && len(sig.MACs) < maxMACs; {
		var item string
		item, rest, _ = strings.Cut(rest, " ")
		version, of, _ := strings.Cut(item, ",")
		if version != "v1" { // v1a is signed with a key pair
			continue
		}
		mac, err := base64.StdEncoding.DecodeString(of)
		if err != nil {
			return Signature{}, false, errMalformed
		}
		sig.MACs = append(sig.MACs, mac)
	}
	sig.Time, err = unixTime(text)
	return sig, true, err
}

func standardKey(text secret.Text) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.TrimPrefix(string(text), "whsec_"))
}

// maxSignature is how long a header of a signature may be, in bytes.
const maxSignature = 4 << 10

var errMalformed = errors.New("signature: its headers are not of the form that the scheme has")

// one is the value of a header that may be there once.
func one(req *handler.Request, name string) (value string, ok bool, err error) {
	values := req.HeaderValues(name)
	switch {
	case len(values) == 0:
		return "", false, nil
	case len(values) > 1 || len(values[0]) > maxSignature:
		return "", false, errMalformed
	}
	return values[0], true, nil
}

// hexMAC is what stands behind a prefix in hexadecimal digits.
func hexMAC(text, prefix string) ([]byte, error) {
	digits, ok := strings.CutPrefix(text, prefix)
	mac, err := hex.DecodeString(digits)
	if !ok || err != nil || len(mac) == 0 {
		return nil, errMalformed
	}
	return mac, nil
}

// unixTime is a time as whole seconds since 1970 in decimal digits, and in no other
// form.
func unixTime(decimal string) (time.Time, error) {
	seconds, err := strconv.ParseInt(decimal, 10, 64)
	if err != nil || seconds <= 0 || seconds > 253402300799 || strconv.FormatInt(seconds, 10) != decimal {
		return time.Time{}, errMalformed
	}
	return time.Unix(seconds, 0), nil
}
