package jwt

import (
	"fmt"
	"net/http"
	"strconv"
)

// Error says why a token was not accepted. Its text is for logs: it names the
// rule and, where that helps, one short quoted value that the token gave, and
// never contains the token or one of its parts.
type Error struct {
	// Code is the rule that the token broke, one of the Code constants.
	Code Code
	// Err says more.
	Err error
}

// Code is a reason to refuse a token; its text is stable.
type Code string

// The reasons, in the order in which a token is checked.
const (
	CodeMalformed       Code = "malformed"        // not a token: parts, base64url, JSON, types of claims
	CodeAlgorithm       Code = "algorithm"        // "alg" is not one of the allowed ones
	CodeKeysUnavailable Code = "keys_unavailable" // the issuer's keys could not be had: not the token's fault
	CodeKey             Code = "key"              // no key of that "kid", or it is not for this algorithm
	CodeSignature       Code = "signature"        // the signature does not fit
	CodeIssuer          Code = "issuer"           // "iss" is another issuer
	CodeAudience        Code = "audience"         // "aud" or "client_id" names none that is accepted
	CodeTokenUse        Code = "token_use"        // an ID token for an access token, or another kind of token
	CodeExpired         Code = "expired"          // "exp" is over
	CodeNotYetValid     Code = "not_yet_valid"    // "nbf" or "iat" is in the future
)

func (e *Error) Error() string {
	if e.Err == nil {
		return "jwt: " + string(e.Code)
	}
	return "jwt: " + string(e.Code) + ": " + e.Err.Error()
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// StatusCode is the status of the answer that the error deserves: 401, or 503
// if the keys could not be had. [handler.AsError] asks for it.
func (e *Error) StatusCode() int {
	if e.Code == CodeKeysUnavailable {
		return http.StatusServiceUnavailable
	}
	return http.StatusUnauthorized
}

func errorf(code Code, format string, args ...any) error {
	return &Error{Code: code, Err: fmt.Errorf(format, args...)}
}

// maxQuoted bounds what an error repeats of a token: enough for a key id or an
// issuer, too little for a token.
const maxQuoted = 100

// quote makes foreign text fit for one line of a log.
func quote(s string) string {
	if len(s) <= maxQuoted {
		return strconv.Quote(s)
	}
	return strconv.Quote(s[:maxQuoted]) + fmt.Sprintf(" (the first %d of %d bytes)", maxQuoted, len(s))
}
