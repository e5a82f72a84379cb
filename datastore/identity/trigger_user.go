package identity

// PreSignUp is asked before a user is made, by the user (PreSignUp_SignUp), by
// [Creator] or the console (PreSignUp_AdminCreateUser), or at the first sign-in by
// another provider (PreSignUp_ExternalProvider). An error refuses the user.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-sign-up.html
func (d *Directory) PreSignUp() *Trigger[PreSignUpRequest, PreSignUpResponse] {
	return trigger[PreSignUpRequest, PreSignUpResponse](d, "PreSignUp", "PreSignUp")
}

// PreSignUpEvent is what [Directory.PreSignUp] gives a function.
type PreSignUpEvent = TriggerEvent[PreSignUpRequest, PreSignUpResponse]

// PreSignUpRequest is who wants to sign up.
type PreSignUpRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	ValidationData map[string]string `json:"validationData"` // of the client, which Cognito does not keep
	ClientMetadata map[string]string `json:"clientMetadata"`
}

// PreSignUpResponse says what the user need not do. It counts for those who sign up
// themselves or by another provider.
type PreSignUpResponse struct {
	AutoConfirmUser bool `json:"autoConfirmUser"`
	AutoVerifyEmail bool `json:"autoVerifyEmail"` // of a user with an email
	AutoVerifyPhone bool `json:"autoVerifyPhone"` // of a user with a phone_number
}

// PostConfirmation is asked when a user has confirmed the account
// (PostConfirmation_ConfirmSignUp) or a new password
// (PostConfirmation_ConfirmForgotPassword). Users whom [Creator] makes confirm nothing.
// The user is confirmed also if the function fails.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-confirmation.html
func (d *Directory) PostConfirmation() *Trigger[PostConfirmationRequest, NoResponse] {
	return trigger[PostConfirmationRequest, NoResponse](d, "PostConfirmation", "PostConfirmation")
}

// PostConfirmationEvent is what [Directory.PostConfirmation] gives a function.
type PostConfirmationEvent = TriggerEvent[PostConfirmationRequest, NoResponse]

// PostConfirmationRequest is who has confirmed.
type PostConfirmationRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	ClientMetadata map[string]string `json:"clientMetadata"`
}

// NoResponse is the response to what has nothing to be said to.
type NoResponse struct{}

// PreAuthentication is asked before the password of a user who signs in is looked at.
// An error refuses the sign-in. One that refuses too many wrong passwords must not tell
// which users there are: see UserNotFound.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-authentication.html
func (d *Directory) PreAuthentication() *Trigger[PreAuthenticationRequest, NoResponse] {
	return trigger[PreAuthenticationRequest, NoResponse](d, "PreAuthentication", "PreAuthentication")
}

// PreAuthenticationEvent is what [Directory.PreAuthentication] gives a function.
type PreAuthenticationEvent = TriggerEvent[PreAuthenticationRequest, NoResponse]

// PreAuthenticationRequest is who wants to sign in.
type PreAuthenticationRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	ValidationData map[string]string `json:"validationData"` // the client metadata of InitiateAuth
	// UserNotFound says that there is no such user, where the client hides that.
	UserNotFound bool `json:"userNotFound"`
}

// PostAuthentication is asked when a user has signed in. An error refuses the tokens.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-authentication.html
func (d *Directory) PostAuthentication() *Trigger[PostAuthenticationRequest, NoResponse] {
	return trigger[PostAuthenticationRequest, NoResponse](d, "PostAuthentication", "PostAuthentication")
}

// PostAuthenticationEvent is what [Directory.PostAuthentication] gives a function.
type PostAuthenticationEvent = TriggerEvent[PostAuthenticationRequest, NoResponse]

// PostAuthenticationRequest is who has signed in.
type PostAuthenticationRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	NewDeviceUsed  bool              `json:"newDeviceUsed"` // of pools that remember devices
	ClientMetadata map[string]string `json:"clientMetadata"`
}

// UserMigration is asked when a user signs in (UserMigration_Authentication) or has
// forgotten the password (UserMigration_ForgotPassword) and is not in the pool. The
// client must send the password itself (USER_PASSWORD_AUTH), which SRP does not. A
// function that knows the user sets the response; an error means that there is none.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-migrate-user.html
func (d *Directory) UserMigration() *Trigger[UserMigrationRequest, UserMigrationResponse] {
	return trigger[UserMigrationRequest, UserMigrationResponse](d, "UserMigration", "UserMigration")
}

// UserMigrationEvent is what [Directory.UserMigration] gives a function.
type UserMigrationEvent = TriggerEvent[UserMigrationRequest, UserMigrationResponse]

// UserMigrationRequest is what is known of the user, whose name is that of the event.
type UserMigrationRequest struct {
	Password       string            `json:"password"` // as the user wrote it; "" if it is forgotten
	ValidationData map[string]string `json:"validationData"`
	ClientMetadata map[string]string `json:"clientMetadata"`
}

// UserMigrationResponse is the user that the pool makes.
type UserMigrationResponse struct {
	UserAttributes map[string]string `json:"userAttributes"` // required
	// FinalUserStatus is "CONFIRMED" for a user who keeps the password, and
	// "RESET_REQUIRED", which is also what "" means, for one who must choose another.
	FinalUserStatus        string   `json:"finalUserStatus"`
	MessageAction          string   `json:"messageAction"`          // "SUPPRESS" sends no welcome
	DesiredDeliveryMediums []string `json:"desiredDeliveryMediums"` // "EMAIL", "SMS"
	ForceAliasCreation     bool     `json:"forceAliasCreation"`     // takes an alias from another user
	EnableSMSMFA           bool     `json:"enableSMSMFA"`
}

// CustomMessage is asked before a message is sent: CustomMessage_SignUp,
// CustomMessage_AdminCreateUser, CustomMessage_ResendCode,
// CustomMessage_ForgotPassword, CustomMessage_UpdateUserAttribute,
// CustomMessage_VerifyUserAttribute, CustomMessage_Authentication.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-message.html
func (d *Directory) CustomMessage() *Trigger[CustomMessageRequest, CustomMessageResponse] {
	return trigger[CustomMessageRequest, CustomMessageResponse](d, "CustomMessage", "CustomMessage")
}

// CustomMessageEvent is what [Directory.CustomMessage] gives a function.
type CustomMessageEvent = TriggerEvent[CustomMessageRequest, CustomMessageResponse]

// CustomMessageRequest is what the message must have in it.
type CustomMessageRequest struct {
	// UserAttributes are texts, and true or false for what says so: Cognito sends both.
	UserAttributes    map[string]any    `json:"userAttributes"`
	CodeParameter     string            `json:"codeParameter"`     // stands for the code: "{####}"
	UsernameParameter string            `json:"usernameParameter"` // stands for the name: "{username}"; "" without one
	LinkParameter     string            `json:"linkParameter"`     // stands for a link; "" without one
	ClientMetadata    map[string]string `json:"clientMetadata"`
}

// CustomMessageResponse is the message. What is "" is the pool's own.
type CustomMessageResponse struct {
	SMSMessage   string `json:"smsMessage"` // up to 140 characters
	EmailMessage string `json:"emailMessage"`
	EmailSubject string `json:"emailSubject"`
}

// InboundFederation is asked when a user comes from another provider, each time before
// the attributes are taken (InboundFederation_ExternalProvider).
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-inbound-federation.html
func (d *Directory) InboundFederation() *Trigger[InboundFederationRequest, InboundFederationResponse] {
	return trigger[InboundFederationRequest, InboundFederationResponse](d, "InboundFederation V1_0", "InboundFederation")
}

// InboundFederationEvent is what [Directory.InboundFederation] gives a function.
type InboundFederationEvent = TriggerEvent[InboundFederationRequest, InboundFederationResponse]

// InboundFederationRequest is what the provider tells of the user.
type InboundFederationRequest struct {
	ProviderName string `json:"providerName"`
	ProviderType string `json:"providerType"` // "OIDC", "SAML", "Facebook", "Google", "SignInWithApple", "LoginWithAmazon"
	Attributes   struct {
		TokenResponse map[string]any `json:"tokenResponse"` // of OIDC and the others but SAML
		IDToken       map[string]any `json:"idToken"`
		UserInfo      map[string]any `json:"userInfo"`
		SAMLResponse  map[string]any `json:"samlResponse"`
	} `json:"attributes"`
}

// InboundFederationResponse are the attributes that are taken, all of them: those that
// it leaves out are dropped. An empty one takes all as they came.
type InboundFederationResponse struct {
	UserAttributesToMap map[string]string `json:"userAttributesToMap"`
}
