package jwt

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Choice verifies tokens of several issuers, or of several kinds of one, such as the
// ID tokens and the access tokens of a user pool. Make one with [AnyOf]; the zero
// value accepts none. It is safe for concurrent use.
type Choice struct {
	verifiers  []*Verifier
	algorithms []string // of all of them
}

// AnyOf accepts what one of the verifiers does. It returns an error if there is
// none, or one that was not made by [New].
func AnyOf(verifiers ...*Verifier) (*Choice, error) {
	if len(verifiers) == 0 {
		return nil, errors.New("jwt.AnyOf: there is no Verifier")
	}
	c := &Choice{verifiers: slices.Clone(verifiers)}
	for i, v := range verifiers {
		if v == nil || v.keys == nil {
			return nil, fmt.Errorf("jwt.AnyOf: Verifier %d was not made by New", i+1)
		}
		for _, alg := range v.keys.algorithms {
			if !slices.Contains(c.algorithms, alg) {
				c.algorithms = append(c.algorithms, alg)
			}
		}
	}
	return c, nil
}

// Verify gives the claims of a token that one of the verifiers accepts. Only those
// are asked whose issuer the token claims to be of, so that a token never has the
// keys of another issuer fetched; the claim counts for nothing else. If they all
// refuse the token, the error is that of the one which came closest.
func (c *Choice) Verify(ctx context.Context, token string) (Claims, error) {
	if c == nil || len(c.verifiers) == 0 {
		return Claims{}, errorf(CodeKeysUnavailable, "the Choice was not made by AnyOf")
	}
	if len(c.verifiers) == 1 {
		return c.verifiers[0].Verify(ctx, token)
	}
	issuer, err := c.issuerOf(token)
	if err != nil {
		return Claims{}, err
	}
	var closest *Error
	for _, v := range c.verifiers {
		if v.settings.Issuer != issuer {
			continue
		}
		claims, err := v.Verify(ctx, token)
		if err == nil {
			return claims, nil
		}
		var e *Error
		if errors.As(err, &e) && (closest == nil || e.Code.step() > closest.Code.step()) {
			closest = e
		}
	}
	if closest == nil {
		return Claims{}, errorf(CodeIssuer, "the token is of issuer %s, of none that is accepted", quote(issuer))
	}
	return Claims{}, closest
}

// issuerOf is what the token claims to be its issuer, before anything of it is
// verified.
func (c *Choice) issuerOf(s string) (string, error) {
	d := newDesk()
	defer d.leave()
	t, err := d.parse(s, c.algorithms, nil)
	if err != nil {
		return "", err
	}
	payload, err := d.read(t.payload)
	if err != nil {
		return "", errorf(CodeMalformed, "the payload %w", err)
	}
	issuer, ok := payload.textOf("iss")
	if !ok {
		return "", errorf(CodeMalformed, `claim "iss" is not text`)
	}
	return issuer, nil
}

// steps are the codes in the order in which a token is checked whose form is that of a
// token, so that its claims alone can be malformed. That keys could not be had counts for
// most: who asks again may be accepted.
var steps = [...]Code{
	CodeAlgorithm, CodeKey, CodeSignature, CodeIssuer, CodeAudience, CodeTokenUse, CodeMalformed, CodeExpired, CodeNotYetValid,
	CodeKeysUnavailable,
}

func (c Code) step() int { return slices.Index(steps[:], c) }
