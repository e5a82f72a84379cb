package template

// capability is what CloudFormation does to resources of one kind: actions of one
// service on one form of ARN. {stack} stands for the name of the stack, and {lower} for
// it in lower case, where names of resources begin with that; {functions}, {versions} (and
// aliases), {schedules} and {topics} for the names of those.
type capability struct {
	service  string
	resource string // behind the account; "*" where AWS has no narrower form, or none is known
	actions  string
}

// The forms in which several kinds share capabilities.
const (
	restAPIs = "/restapis/*"
	apis     = "/apis/*"
	// whole ARNs
	webStages = "arn:${AWS::Partition}:apigateway:*::/restapis/*/stages/*"
)

// managing are the capabilities by which CloudFormation makes, changes, reads and
// deletes resources, by their type. A type that is not here cannot be deployed by the
// deployer's role, and is an error.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html.
var managing = map[string][]capability{
	"AWS::ApiGateway::Account":      nil, // of the administrator
	"AWS::ApiGateway::ApiKey":       {{"apigateway", "/apikeys", "POST GET"}, {"apigateway", "/apikeys/*", "GET PATCH DELETE"}, {"apigateway", "/tags/*", "PUT"}},
	"AWS::ApiGateway::Deployment":   {{"apigateway", restAPIs, "POST GET PATCH DELETE"}},
	"AWS::ApiGateway::RestApi":      {{"apigateway", "/restapis", "POST"}, {"apigateway", restAPIs, "GET PUT PATCH DELETE UpdateRestApiPolicy"}, {"apigateway", "/tags/*", "PUT DELETE"}},
	"AWS::ApiGateway::Stage":        {{"apigateway", restAPIs, "POST GET PATCH DELETE"}, {"apigateway", "/tags/*", "PUT DELETE"}},
	"AWS::ApiGateway::UsagePlan":    {{"apigateway", "/usageplans", "POST GET"}, {"apigateway", "/usageplans/*", "GET PATCH DELETE"}, {"apigateway", "/tags/*", "PUT"}},
	"AWS::ApiGateway::UsagePlanKey": {{"apigateway", "/usageplans/*", "POST GET DELETE"}},

	"AWS::ApiGatewayV2::Api":           {{"apigateway", "/apis", "POST PUT"}, {"apigateway", apis, "GET PUT PATCH DELETE"}, {"apigateway", "/tags/*", "POST PUT DELETE"}},
	"AWS::ApiGatewayV2::ApiMapping":    {{"apigateway", "/domainnames/*", "POST GET PATCH DELETE"}},
	"AWS::ApiGatewayV2::Authorizer":    {{"apigateway", apis, "POST GET PATCH DELETE"}},
	"AWS::ApiGatewayV2::Deployment":    {{"apigateway", apis, "POST GET PATCH DELETE"}},
	"AWS::ApiGatewayV2::DomainName":    {{"apigateway", "/domainnames", "POST"}, {"apigateway", "/domainnames/*", "GET PATCH DELETE"}, {"apigateway", "/tags/*", "POST PUT DELETE"}, linked("ops.apigateway.amazonaws.com/*")},
	"AWS::ApiGatewayV2::Integration":   {{"apigateway", apis, "POST GET PATCH DELETE"}},
	"AWS::ApiGatewayV2::Route":         {{"apigateway", apis, "POST GET PATCH DELETE"}},
	"AWS::ApiGatewayV2::RouteResponse": {{"apigateway", apis, "POST GET PATCH DELETE"}},
	"AWS::ApiGatewayV2::Stage":         {{"apigateway", apis, "POST GET PATCH DELETE"}, {"apigateway", "/tags/*", "POST PUT DELETE"}},

	"AWS::AppConfig::Application":                {{"appconfig", "*", "CreateApplication"}, {"appconfig", "application/*", "DeleteApplication GetApplication UpdateApplication " + tags}},
	"AWS::AppConfig::ConfigurationProfile":       {{"appconfig", "application/*", "CreateConfigurationProfile DeleteConfigurationProfile GetConfigurationProfile UpdateConfigurationProfile " + tags}},
	"AWS::AppConfig::Deployment":                 {{"appconfig", "application/*", "StartDeployment StopDeployment GetDeployment"}, {"appconfig", "deploymentstrategy/*", "StartDeployment"}},
	"AWS::AppConfig::DeploymentStrategy":         {{"appconfig", "*", "CreateDeploymentStrategy"}, {"appconfig", "deploymentstrategy/*", "DeleteDeploymentStrategy GetDeploymentStrategy UpdateDeploymentStrategy " + tags}},
	"AWS::AppConfig::Environment":                {{"appconfig", "application/*", "CreateEnvironment DeleteEnvironment GetEnvironment UpdateEnvironment " + tags}},
	"AWS::AppConfig::HostedConfigurationVersion": {{"appconfig", "application/*", "CreateHostedConfigurationVersion DeleteHostedConfigurationVersion GetHostedConfigurationVersion"}},

	"AWS::ApplicationAutoScaling::ScalableTarget": {{"application-autoscaling", "scalable-target/*", "RegisterScalableTarget DeregisterScalableTarget " + tags}, {"application-autoscaling", "*", "DescribeScalableTargets"},
		{"lambda", "{versions}", provisioned}, linked("lambda.application-autoscaling.amazonaws.com/*")},
	"AWS::ApplicationAutoScaling::ScalingPolicy": {{"application-autoscaling", "scalable-target/*", "PutScalingPolicy DeleteScalingPolicy"}, {"application-autoscaling", "*", "DescribeScalingPolicies"},
		{"cloudwatch", "alarm:TargetTracking-*", "PutMetricAlarm DeleteAlarms DescribeAlarms"}},

	"AWS::CloudFront::Distribution": {{"cloudfront", "*", "CreateDistribution"}, {"cloudfront", "distribution/*", "DeleteDistribution GetDistribution GetDistributionConfig UpdateDistribution " + tags}},
	"AWS::CloudFront::Function":     {{"cloudfront", "*", "CreateFunction"}, {"cloudfront", "function/*", "DeleteFunction DescribeFunction GetFunction PublishFunction UpdateFunction " + tags}},
	"AWS::CloudFront::OriginAccessControl": {{"cloudfront", "*", "CreateOriginAccessControl"},
		{"cloudfront", "origin-access-control/*", "DeleteOriginAccessControl GetOriginAccessControl UpdateOriginAccessControl"}},
	"AWS::CloudFront::ResponseHeadersPolicy": {{"cloudfront", "*", "CreateResponseHeadersPolicy"},
		{"cloudfront", "response-headers-policy/*", "DeleteResponseHeadersPolicy GetResponseHeadersPolicy UpdateResponseHeadersPolicy"}},
	"AWS::CloudWatch::Alarm":           {{"cloudwatch", "alarm:{stack}-*", "PutMetricAlarm DeleteAlarms " + tags}, {"cloudwatch", "alarm:*", "DescribeAlarms"}},
	"AWS::CodeDeploy::Application":     {{"codedeploy", "application:{stack}-*", "CreateApplication DeleteApplication GetApplication UpdateApplication " + tags}},
	"AWS::CodeDeploy::DeploymentGroup": {{"codedeploy", "deploymentgroup:{stack}-*/*", "CreateDeploymentGroup DeleteDeploymentGroup GetDeploymentGroup UpdateDeploymentGroup " + tags}},

	"AWS::Cognito::IdentityPool": {{"cognito-identity", "*", "CreateIdentityPool"},
		{"cognito-identity", "identitypool/*", "DeleteIdentityPool DescribeIdentityPool UpdateIdentityPool TagResource UntagResource ListTagsForResource"}},
	"AWS::Cognito::IdentityPoolRoleAttachment": {{"cognito-identity", "identitypool/*", "GetIdentityPoolRoles"}, {"cognito-identity", "*", "SetIdentityPoolRoles"}},
	"AWS::Cognito::UserPool": {{"cognito-idp", "*", "CreateUserPool"},
		{"cognito-idp", "userpool/*", "DeleteUserPool DescribeUserPool UpdateUserPool AddCustomAttributes GetUserPoolMfaConfig SetUserPoolMfaConfig TagResource UntagResource ListTagsForResource"}},
	"AWS::Cognito::UserPoolClient": {{"cognito-idp", "userpool/*", "CreateUserPoolClient DeleteUserPoolClient DescribeUserPoolClient UpdateUserPoolClient"}},

	"AWS::DSQL::Cluster": {{"dsql", "cluster/*", "CreateCluster DeleteCluster GetCluster GetClusterPolicy UpdateCluster TagResource UntagResource ListTagsForResource GetVpcEndpointServiceName"}, linked("dsql.amazonaws.com/*")},
	"AWS::DynamoDB::Table": {{"dynamodb", "table/{stack}-*", "CreateTable DeleteTable DescribeTable UpdateTable DescribeContinuousBackups UpdateContinuousBackups DescribeTimeToLive UpdateTimeToLive " +
		"DescribeContributorInsights DescribeKinesisStreamingDestination GetResourcePolicy ListTagsOfResource TagResource UntagResource"}},

	"AWS::EC2::RouteTable":                  {{"ec2", "*", "CreateRouteTable DeleteRouteTable DescribeRouteTables CreateTags DeleteTags"}},
	"AWS::EC2::SecurityGroup":               {{"ec2", "*", securityGroups}},
	"AWS::EC2::SecurityGroupIngress":        {{"ec2", "*", securityGroups}},
	"AWS::EC2::Subnet":                      {{"ec2", "*", "CreateSubnet DeleteSubnet DescribeSubnets ModifySubnetAttribute DescribeAvailabilityZones CreateTags DeleteTags"}},
	"AWS::EC2::SubnetRouteTableAssociation": {{"ec2", "*", "AssociateRouteTable DisassociateRouteTable DescribeRouteTables"}},
	"AWS::EC2::VPC":                         {{"ec2", "*", "CreateVpc DeleteVpc DescribeVpcs DescribeVpcAttribute ModifyVpcAttribute DescribeNetworkAcls DescribeSecurityGroups CreateTags DeleteTags"}},
	"AWS::EC2::VPCEndpoint":                 {{"ec2", "*", "CreateVpcEndpoint DeleteVpcEndpoints DescribeVpcEndpoints DescribeVpcEndpointServices ModifyVpcEndpoint CreateTags DeleteTags"}},

	"AWS::ElastiCache::ReplicationGroup": {{"elasticache", "*", "CreateReplicationGroup DeleteReplicationGroup DescribeReplicationGroups ModifyReplicationGroup ModifyReplicationGroupShardConfiguration DescribeCacheClusters " + tagging},
		linked("elasticache.amazonaws.com/*")},
	"AWS::ElastiCache::ServerlessCache": {{"elasticache", "*", "CreateServerlessCache DeleteServerlessCache DescribeServerlessCaches ModifyServerlessCache " + tagging},
		{"ec2", "*", "CreateVpcEndpoint DeleteVpcEndpoints DescribeVpcEndpoints DescribeSubnets DescribeSecurityGroups DescribeVpcs CreateTags"}, linked("elasticache.amazonaws.com/*")},
	"AWS::ElastiCache::SubnetGroup": {{"elasticache", "*", "CreateCacheSubnetGroup DeleteCacheSubnetGroup DescribeCacheSubnetGroups ModifyCacheSubnetGroup " + tagging}, {"ec2", "*", "DescribeSubnets DescribeVpcs"}},
	"AWS::ElastiCache::User":        {{"elasticache", "*", "CreateUser DeleteUser DescribeUsers ModifyUser " + tagging}},
	"AWS::ElastiCache::UserGroup":   {{"elasticache", "*", "CreateUserGroup DeleteUserGroup DescribeUserGroups ModifyUserGroup " + tagging}},

	"AWS::Events::Rule": {{"events", "rule/{stack}-*", eventRules}, {"events", "rule/*/{stack}-*", eventRules}},

	// Roles have conditions; see [Template.rolesOf].
	"AWS::IAM::Role":       nil,
	"AWS::IAM::RolePolicy": nil,

	"AWS::KMS::Key": {{"kms", "*", "CreateKey"},
		{"kms", "key/*", "DescribeKey EnableKeyRotation GetKeyPolicy GetKeyRotationStatus ListResourceTags TagResource CreateGrant Decrypt GenerateDataKey"}},
	"AWS::Kinesis::Stream": {{"kinesis", "stream/{stack}-*", "CreateStream DeleteStream DescribeStream DescribeStreamSummary IncreaseStreamRetentionPeriod DecreaseStreamRetentionPeriod StartStreamEncryption " +
		"StopStreamEncryption UpdateMaxRecordSize AddTagsToStream RemoveTagsFromStream ListTagsForStream " + tags},
		{"kinesis", "*", "UpdateShardCount UpdateStreamMode"}},

	// CloudFormation has CodeDeploy move an alias, if the template says so.
	"AWS::Lambda::Alias": {{"lambda", "{functions}", "CreateAlias DeleteAlias GetAlias UpdateAlias"}, {"lambda", "{versions}", provisioned},
		{"codedeploy", "application:{stack}-*", "RegisterApplicationRevision GetApplicationRevision"},
		{"codedeploy", "deploymentgroup:{stack}-*/*", "CreateDeployment GetDeployment"}, {"codedeploy", "deploymentconfig:*", "GetDeploymentConfig"}, {"codedeploy", "*", "StopDeployment"}},
	"AWS::Lambda::Version":            {{"lambda", "{functions}", "PublishVersion ListVersionsByFunction GetFunction GetFunctionConfiguration GetFunctionScalingConfig GetRuntimeManagementConfig DeleteFunction"}, {"lambda", "{versions}", provisioned}},
	"AWS::Lambda::EventInvokeConfig":  {{"lambda", "{functions}", "PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig GetFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig"}},
	"AWS::Lambda::EventSourceMapping": {{"lambda", "event-source-mapping:*", "ListTags TagResource UntagResource"}}, // and [Template.sources]
	"AWS::Lambda::Function": {{"lambda", "{functions}", "CreateFunction DeleteFunction GetFunction GetFunctionConfiguration UpdateFunctionCode UpdateFunctionConfiguration PutFunctionConcurrency " +
		"DeleteFunctionConcurrency GetFunctionCodeSigningConfig GetFunctionRecursionConfig PutFunctionRecursionConfig GetFunctionScalingConfig GetRuntimeManagementConfig ListTags TagResource UntagResource"},
		{"ec2", "*", "DescribeNetworkInterfaces DescribeSecurityGroups DescribeSubnets DescribeVpcs"}},
	"AWS::Lambda::Permission": {{"lambda", "{functions}", "AddPermission RemovePermission GetPolicy"}},
	"AWS::Lambda::Url":        {{"lambda", "{functions}", "CreateFunctionUrlConfig DeleteFunctionUrlConfig GetFunctionUrlConfig UpdateFunctionUrlConfig"}},

	"AWS::Logs::LogGroup":           {{"logs", "log-group:{stack}-*", logGroups}, {"logs", "log-group:/aws/vendedlogs/apigateway/{stack}/*", logGroups}, {"logs", "*", "DescribeIndexPolicies DescribeLogGroups DescribeResourcePolicies"}},
	"AWS::Logs::MetricFilter":       {{"logs", "log-group:{stack}-*", "PutMetricFilter DeleteMetricFilter DescribeMetricFilters"}},
	"AWS::Logs::SubscriptionFilter": {{"logs", "log-group:*", "PutSubscriptionFilter DeleteSubscriptionFilter DescribeSubscriptionFilters"}},

	"AWS::OpenSearchServerless::AccessPolicy": {{"aoss", "*", "CreateAccessPolicy DeleteAccessPolicy GetAccessPolicy UpdateAccessPolicy"}},
	"AWS::OpenSearchServerless::Collection": {{"aoss", "*", "CreateCollection BatchGetCollection ListTagsForResource TagResource UntagResource"}, {"aoss", "collection/*", "DeleteCollection UpdateCollection"},
		linked("observability.aoss.amazonaws.com/*")},
	"AWS::OpenSearchServerless::SecurityPolicy": {{"aoss", "*", "CreateSecurityPolicy DeleteSecurityPolicy GetSecurityPolicy UpdateSecurityPolicy"}},
	"AWS::OpenSearchService::Domain": {{"es", "domain/*", "CreateDomain DeleteDomain DescribeDomain DescribeDomainConfig DescribeDomainChangeProgress UpdateDomainConfig UpgradeDomain AddTags ListTags RemoveTags"},
		{"ec2", "*", "DescribeSecurityGroups DescribeSubnets DescribeVpcs"}, linked("opensearchservice.amazonaws.com/*")},

	"AWS::RDS::DBCluster":               {{"rds", "*", "CreateDBCluster CreateDBClusterSnapshot DeleteDBCluster DescribeDBClusters DescribeDBClusterSnapshots DescribeDBSubnetGroups DescribeEvents DescribeGlobalClusters ModifyDBCluster EnableHttpEndpoint DisableHttpEndpoint " + tagging}, masterSecret, linked("rds.amazonaws.com/*")},
	"AWS::RDS::DBClusterParameterGroup": {{"rds", "*", "CreateDBClusterParameterGroup DeleteDBClusterParameterGroup DescribeDBClusterParameterGroups DescribeDBClusterParameters DescribeEngineDefaultClusterParameters DescribeDBClusters ModifyDBClusterParameterGroup ResetDBClusterParameterGroup " + tagging}},
	"AWS::RDS::DBInstance":              {{"rds", "*", "CreateDBInstance CreateDBSnapshot DeleteDBInstance DescribeDBInstances DescribeDBSnapshots DescribeDBClusters DescribeEvents ModifyDBInstance RebootDBInstance " + tagging}, masterSecret, linked("rds.amazonaws.com/*")},
	"AWS::RDS::DBParameterGroup":        {{"rds", "*", "CreateDBParameterGroup DeleteDBParameterGroup DescribeDBParameterGroups DescribeDBParameters DescribeEngineDefaultParameters DescribeDBInstances ModifyDBParameterGroup ResetDBParameterGroup " + tagging}},
	"AWS::RDS::DBProxy":                 {{"rds", "*", "CreateDBProxy DeleteDBProxy DescribeDBProxies ModifyDBProxy " + tagging}},
	"AWS::RDS::DBProxyEndpoint":         {{"rds", "*", "CreateDBProxyEndpoint DeleteDBProxyEndpoint DescribeDBProxyEndpoints ModifyDBProxyEndpoint " + tagging}},
	"AWS::RDS::DBProxyTargetGroup":      {{"rds", "*", "DescribeDBProxies DescribeDBProxyTargetGroups DescribeDBProxyTargets DescribeDBClusters DescribeDBInstances ModifyDBProxyTargetGroup RegisterDBProxyTargets DeregisterDBProxyTargets"}},
	"AWS::RDS::DBSubnetGroup":           {{"rds", "*", "CreateDBSubnetGroup DeleteDBSubnetGroup DescribeDBSubnetGroups ModifyDBSubnetGroup " + tagging}, linked("rds.amazonaws.com/*")},

	"AWS::Redshift::Cluster":               {{"redshift", "*", "CreateCluster DeleteCluster DescribeClusters ModifyCluster RebootCluster DescribeLoggingStatus DescribeTags CreateTags DeleteTags"}, warehouseSecret, linked("redshift.amazonaws.com/*")},
	"AWS::Redshift::ClusterParameterGroup": {{"redshift", "*", "CreateClusterParameterGroup DeleteClusterParameterGroup DescribeClusterParameterGroups DescribeClusterParameters ModifyClusterParameterGroup ResetClusterParameterGroup DescribeTags CreateTags DeleteTags"}},
	"AWS::Redshift::ClusterSubnetGroup":    {{"redshift", "*", "CreateClusterSubnetGroup DeleteClusterSubnetGroup DescribeClusterSubnetGroups ModifyClusterSubnetGroup DescribeTags CreateTags DeleteTags"}},
	"AWS::RedshiftServerless::Namespace":   {{"redshift-serverless", "*", "CreateNamespace DeleteNamespace GetNamespace UpdateNamespace ListTagsForResource TagResource UntagResource"}, warehouseSecret, linked("redshift.amazonaws.com/*")},
	"AWS::RedshiftServerless::Workgroup": {{"redshift-serverless", "*", "CreateWorkgroup DeleteWorkgroup GetWorkgroup UpdateWorkgroup GetNamespace ListTagsForResource TagResource UntagResource"},
		{"ec2", "*", "DescribeAccountAttributes DescribeAddresses DescribeAvailabilityZones DescribeSecurityGroups DescribeSubnets DescribeVpcAttribute DescribeVpcs"}},

	"AWS::Route53::RecordSet": {{"route53", "change/*", "GetChange"}}, // and [inZone]

	"AWS::S3::Bucket":       {{"s3", "{lower}-*", buckets}},
	"AWS::S3::BucketPolicy": {{"s3", "{lower}-*", "PutBucketPolicy GetBucketPolicy DeleteBucketPolicy"}},

	"AWS::Scheduler::Schedule":    {{"scheduler", "{schedules}", "CreateSchedule DeleteSchedule GetSchedule UpdateSchedule"}},
	"AWS::SecretsManager::Secret": {{"secretsmanager", "*", "GetRandomPassword"}, {"secretsmanager", "secret:*", "CreateSecret DescribeSecret TagResource"}},

	"AWS::SecretsManager::RotationSchedule": {{"lambda", "{functions}", "InvokeFunction"}}, // and [managingOwn]

	"AWS::SSM::Parameter": {{"ssm", "parameter/{stack}/*", "PutParameter GetParameter GetParameters DeleteParameter " + tagging}, {"ssm", "*", "DescribeParameters"}},

	"AWS::SNS::Subscription": {{"sns", "{topics}", subscriptions}},
	"AWS::SNS::Topic":        {{"sns", "{topics}", topics}},
	"AWS::SNS::TopicPolicy":  {{"sns", "{topics}", "GetTopicAttributes SetTopicAttributes"}},
	"AWS::SQS::Queue":        {{"sqs", "{stack}-*", "CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl SetQueueAttributes ListQueueTags TagQueue UntagQueue"}},
	"AWS::SQS::QueuePolicy":  {{"sqs", "{stack}-*", "GetQueueAttributes SetQueueAttributes"}},

	"AWS::WAFv2::WebACL": {{"wafv2", "regional/webacl/{stack}-*/*", "CreateWebACL DeleteWebACL GetWebACL UpdateWebACL ListTagsForResource TagResource UntagResource"},
		{"wafv2", "regional/managedruleset/*/*", "CreateWebACL UpdateWebACL"}},
	"AWS::WAFv2::WebACLAssociation": {{"wafv2", "regional/webacl/*/*", "AssociateWebACL GetWebACL"},
		{"wafv2", webStages, "AssociateWebACL DisassociateWebACL GetWebACLForResource"}, {"apigateway", "/restapis/*/stages/*", "SetWebACL GET"}},

	"Custom::Deployment": {{"lambda", "{functions}", "InvokeFunction"}},
}

// managingOwn are further capabilities for resources whose names say nothing, which hold
// for those of the stack alone. CloudFormation tags secrets, and nobody else can set tags
// that begin with "aws:". Keys it does not tag, so that the template does, by stackTag.
//
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html.
var managingOwn = map[string]own{
	"AWS::KMS::Key":                         {stackTag, capability{"kms", "key/*", "DisableKeyRotation PutKeyPolicy ScheduleKeyDeletion UntagResource UpdateKeyDescription"}},
	"AWS::SecretsManager::RotationSchedule": {cloudFormationTag, capability{"secretsmanager", "secret:*", "CancelRotateSecret DescribeSecret RotateSecret"}},
	"AWS::SecretsManager::Secret":           {cloudFormationTag, capability{"secretsmanager", "secret:*", "DeleteSecret GetSecretValue PutSecretValue UntagResource UpdateSecret"}},
}

// What whoever makes a distribution needs, if that writes logs or has a web ACL: CloudFront
// has the bucket let it in, in the name of the one who asks.
//
// See https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html
// and https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/security-iam-awsmanpol.html.
var (
	siteLogs     = capability{"s3", "{lower}-*", "GetBucketAcl PutBucketAcl"}
	siteFirewall = capability{"wafv2", "global/webacl/*/*", "GetWebACL"}
)

// inZone is what makes records in one hosted zone, and in no other of the account.
func inZone(id string) capability {
	return capability{"route53", "hostedzone/" + id, "ChangeResourceRecordSets GetHostedZone ListResourceRecordSets"}
}

// own is a capability for resources whose tag has the name of the stack.
type own struct {
	tag string
	capability
}

// The tags with the name of the stack.
const (
	cloudFormationTag = "aws:cloudformation:stack-name"
	stackTag          = "tierkit:stack"
)

// Actions that several kinds share.
const (
	tags           = "ListTagsForResource TagResource UntagResource"
	tagging        = "AddTagsToResource ListTagsForResource RemoveTagsFromResource"
	provisioned    = "PutProvisionedConcurrencyConfig GetProvisionedConcurrencyConfig DeleteProvisionedConcurrencyConfig"
	securityGroups = "CreateSecurityGroup DeleteSecurityGroup DescribeSecurityGroups DescribeSecurityGroupRules AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress AuthorizeSecurityGroupIngress " +
		"RevokeSecurityGroupIngress UpdateSecurityGroupRuleDescriptionsEgress UpdateSecurityGroupRuleDescriptionsIngress CreateTags DeleteTags"
	eventRules = "PutRule DeleteRule DescribeRule PutTargets RemoveTargets ListTargetsByRule TagResource UntagResource ListTagsForResource"
	logGroups  = "CreateLogGroup DeleteLogGroup GetDataProtectionPolicy PutRetentionPolicy DeleteRetentionPolicy ListTagsForResource TagResource UntagResource"
	buckets    = "CreateBucket DeleteBucket ListBucket GetBucketTagging PutBucketTagging GetEncryptionConfiguration PutEncryptionConfiguration GetBucketCORS PutBucketCORS GetLifecycleConfiguration PutLifecycleConfiguration " +
		"GetBucketNotification PutBucketNotification GetBucketOwnershipControls PutBucketOwnershipControls GetBucketPublicAccessBlock PutBucketPublicAccessBlock"
	subscriptions = "Subscribe GetSubscriptionAttributes SetSubscriptionAttributes Unsubscribe ListSubscriptionsByTopic GetTopicAttributes"
	topics        = "CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes GetDataProtectionPolicy ListSubscriptionsByTopic ListTagsForResource TagResource UntagResource"
)

// The secrets of owners, which RDS and Redshift make with the permissions of whoever
// makes the database.
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html.
var (
	masterSecret    = capability{"secretsmanager", "secret:rds!*", "CreateSecret TagResource"}
	warehouseSecret = capability{"secretsmanager", "secret:redshift!*", "CreateSecret DescribeSecret RotateSecret TagResource UpdateSecret DeleteSecret"}
)

// deliveries are what turns on the access log of an HTTP API.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html.
var deliveries = capability{"logs", "*", "CreateLogDelivery DeleteLogDelivery DescribeResourcePolicies GetLogDelivery ListLogDeliveries PutResourcePolicy UpdateLogDelivery"}

// capacity lets functions run on the instances of a capacity provider, which is a
// parameter of the template.
// See https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances.html.
var capacity = capability{"lambda", "capacity-provider:*", "PassCapacityProvider"}

// environmentsOf are how many execution environments functions have there.
var environmentsOf = []capability{{"lambda", "{functions}", scalingConfig}, {"lambda", "{versions}", scalingConfig}}

const scalingConfig = "GetFunctionScalingConfig PutFunctionScalingConfig"

// linked lets a service have its own role, which it makes when it is first used in an
// account.
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html.
func linked(role string) capability {
	return capability{"iam", "role/aws-service-role/" + role, "CreateServiceLinkedRole"}
}
