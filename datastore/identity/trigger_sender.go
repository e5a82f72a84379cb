package identity

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/encryptionsdk"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

// CustomEmailSender is asked to send an email in place of Cognito, with a code or a
// password that is encrypted with the key of the directory ([CodesEncryptedBy]):
//
//	codes := key.New(data, "codes", nil)
//	users := identity.New(data, "users", identity.CodesEncryptedBy(codes))
//	decrypter := datastore.Use[key.Decrypter](sender, codes)
//	tier.On(sender, users.CustomEmailSender(), func(ctx context.Context, e *identity.CustomSenderEvent) error {
//		code, err := e.Request.Code.Open(ctx, decrypter)
//		if err != nil {
//			return err
//		}
//		to, _ := e.Request.UserAttributes["email"].(string)
//		return mail(ctx, to, e.TriggerSource, string(code))
//	})
//
// The moments are CustomEmailSender_SignUp, CustomEmailSender_ResendCode,
// CustomEmailSender_ForgotPassword, CustomEmailSender_UpdateUserAttribute,
// CustomEmailSender_VerifyUserAttribute, CustomEmailSender_Authentication,
// CustomEmailSender_AdminCreateUser with a temporary password, and
// CustomEmailSender_AccountTakeOverNotification without a code. Nobody else sends
// anything: what the function does not send, the user does not get.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-email-sender.html
func (d *Directory) CustomEmailSender() *Trigger[CustomSenderRequest, NoResponse] {
	return trigger[CustomSenderRequest, NoResponse](d, "CustomEmailSender V1_0", "CustomEmailSender")
}

// CustomSMSSender is asked to send a text message in place of Cognito, as
// [Directory.CustomEmailSender] is asked for emails: CustomSMSSender_SignUp,
// CustomSMSSender_ResendCode, CustomSMSSender_ForgotPassword,
// CustomSMSSender_UpdateUserAttribute, CustomSMSSender_VerifyUserAttribute,
// CustomSMSSender_Authentication, CustomSMSSender_AdminCreateUser.
//
// The user pool that package template makes verifies email addresses alone and has no MFA:
// it sends to phones only what an application asks of Cognito by itself.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-sms-sender.html
func (d *Directory) CustomSMSSender() *Trigger[CustomSenderRequest, NoResponse] {
	return trigger[CustomSenderRequest, NoResponse](d, "CustomSMSSender V1_0", "CustomSMSSender")
}

// CustomSenderEvent is what [Directory.CustomEmailSender] and
// [Directory.CustomSMSSender] give a function.
type CustomSenderEvent = TriggerEvent[CustomSenderRequest, NoResponse]

// CustomSenderRequest is what is to be sent, and to whom.
type CustomSenderRequest struct {
	Type string `json:"type"` // "customEmailSenderRequestV1", "customSMSSenderRequestV1"
	Code Code   `json:"code"`
	// UserAttributes are texts, and true or false for what says so, such as "email" and
	// "phone_number".
	UserAttributes map[string]any    `json:"userAttributes"`
	ClientMetadata map[string]string `json:"clientMetadata"`
}

// of ties the code to the user pool of its event.
func (r *CustomSenderRequest) of(pool string) { r.Code.pool = pool }

// Code is a code or a temporary password, encrypted: a message of the AWS Encryption SDK.
// It shows nothing of itself.
type Code struct {
	message []byte
	pool    string // that the event is of, "" for none
}

// poolName is the name in the context that Cognito encrypts codes with of the user pool.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-sender-triggers.html
const poolName = "userpool-id"

// Open is the code itself: string(code). A code of another key or of another user pool, or
// one that was changed, answers [datastore.ErrCorrupt], an event without one
// [datastore.ErrNotFound]; other errors are those of the key.
func (c Code) Open(ctx context.Context, codes key.Decrypter) (secret.Text, error) {
	if len(c.message) == 0 {
		return "", c.failed(datastore.ErrNotFound, errors.New("the event has no code"))
	}
	text, bound, err := encryptionsdk.Open(ctx, c.message, func(ctx context.Context, encrypted []byte, bound map[string]string) ([]byte, error) {
		plain, err := codes.Decrypt(ctx, encrypted, bound)
		if errors.Is(err, datastore.ErrInvalid) || errors.Is(err, datastore.ErrTooLarge) { // what no key has encrypted
			err = c.failed(datastore.ErrCorrupt, fmt.Errorf("%v", err))
		}
		return plain, err
	})
	if err != nil {
		return "", fmt.Errorf("open a code: %w", err)
	}
	if pool, told := bound[poolName]; told && c.pool != "" && pool != c.pool {
		return "", c.failed(datastore.ErrCorrupt, errors.New("the code is one of another user pool"))
	}
	return secret.Text(text), nil
}

func (Code) failed(kind, err error) error {
	return &datastore.Error{Store: "identity", Op: "open a code", Kind: kind, Err: err}
}

// UnmarshalJSON reads a code as an event has it: a text in base64, or null.
func (c *Code) UnmarshalJSON(text []byte) error {
	if bytes.Equal(text, []byte("null")) {
		*c = Code{}
		return nil
	}
	var message []byte
	if err := json.Unmarshal(text, &message); err != nil || len(message) > encryptionsdk.MaxMessage {
		return corrupt("has a code that is none")
	}
	*c = Code{message: message}
	return nil
}

// MarshalJSON writes the code as it came, encrypted.
func (c Code) MarshalJSON() ([]byte, error) {
	if c.message == nil {
		return []byte("null"), nil
	}
	return []byte(`"` + base64.StdEncoding.EncodeToString(c.message) + `"`), nil
}

// Format writes "[code]", whatever the verb is.
func (Code) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[code]") }

// LogValue is "[code]".
func (Code) LogValue() slog.Value { return slog.StringValue("[code]") }

var (
	_ fmt.Formatter  = Code{}
	_ slog.LogValuer = Code{}
)

// SealCode is event with the code in it, "request": {"code": "123456"}, encrypted as
// Cognito does with the key of a directory. One without a code is left alone. It is for
// drivers and tools.
func SealCode(ctx context.Context, random io.Reader, event []byte, codes key.Conn) ([]byte, error) {
	var e, request map[string]json.RawMessage
	var pool, code string
	if json.Unmarshal(event, &e) != nil || json.Unmarshal(e["request"], &request) != nil {
		return nil, corrupt("is not an event of a custom sender")
	}
	if len(request["code"]) == 0 {
		return event, nil
	}
	if json.Unmarshal(e["userPoolId"], &pool) != nil || json.Unmarshal(request["code"], &code) != nil || len(code) > maxCode {
		return nil, fmt.Errorf(`the event: write "code": "123456", a text of at most %d bytes, which is encrypted as Cognito does`, maxCode)
	}
	message, err := encryptionsdk.Seal(ctx, random, []byte(code), map[string]string{poolName: pool}, "arn:aws:kms:us-east-1:000000000000:key/local",
		func(ctx context.Context, bound map[string]string) (plain, encrypted []byte, err error) {
			made, err := codes.GenerateDataKey(ctx, bound)
			return made.Plain, made.Encrypted, err
		})
	if err != nil {
		return nil, err
	}
	if request["code"], err = (Code{message: message}).MarshalJSON(); err != nil {
		return nil, err
	}
	if e["request"], err = json.Marshal(request); err != nil {
		return nil, err
	}
	return json.Marshal(e)
}

// maxCode is how long a code is that is made up: passwords have 256 characters.
const maxCode = 1024
