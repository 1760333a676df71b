"""Who signs in: one user pool, groups for customers, agents, three kinds of administrators and two of officers.

Source: Cognito Developer Guide, "User pool case sensitivity", "Adding MFA", "User pool app clients".
"""

from __future__ import annotations

from troposphere import Ref, cognito

from mangaobs.platform._stack import Stack

POOL, CLIENT = "CustomerPool", "CustomerPoolClient"
GROUPS = {
    "customer": "Customers, who chat",
    "agent": "Human agents, who take chats over",
    "admin-read": "May read sessions",
    "admin-export": "May export the table",
    "admin-delete": "May delete a session",
    "privacy": "May verify and resume people's requests",
    "privacy-hold": "May hold people's requests, as the law says",
}


def build(stack: Stack) -> None:
    """The pool, its client and its groups."""
    stack.add(
        cognito.UserPool(
            POOL,
            UserPoolName=stack.named("users"),
            UsernameAttributes=["email"],
            UsernameConfiguration=cognito.UsernameConfiguration(CaseSensitive=False),
            AutoVerifiedAttributes=["email"],
            DeletionProtection="ACTIVE",
            MfaConfiguration="OPTIONAL",
            EnabledMfas=["SOFTWARE_TOKEN_MFA"],
            AccountRecoverySetting=cognito.AccountRecoverySetting(
                RecoveryMechanisms=[cognito.RecoveryOption(Name="verified_email", Priority=1)]
            ),
            Policies=cognito.Policies(
                PasswordPolicy=cognito.PasswordPolicy(
                    MinimumLength=14,
                    RequireLowercase=True,
                    RequireUppercase=True,
                    RequireNumbers=True,
                    RequireSymbols=True,
                    TemporaryPasswordValidityDays=3,
                )
            ),
            UserPoolTags=dict(stack.configuration.tags),
        )
    )
    stack.add(
        cognito.UserPoolClient(
            CLIENT,
            UserPoolId=Ref(POOL),
            ClientName=stack.named("chat"),
            ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            PreventUserExistenceErrors="ENABLED",
            EnableTokenRevocation=True,
            GenerateSecret=False,
            AccessTokenValidity=15,
            IdTokenValidity=15,
            RefreshTokenValidity=7,
            TokenValidityUnits=cognito.TokenValidityUnits(
                AccessToken="minutes", IdToken="minutes", RefreshToken="days"
            ),
        )
    )
    for name, description in GROUPS.items():
        id = f"Group{''.join(word.capitalize() for word in name.split('-'))}"
        stack.add(cognito.UserPoolGroup(id, UserPoolId=Ref(POOL), GroupName=name, Description=description))
    stack.output("UserPoolId", "Id of the user pool: UserPool of the observability stack", Ref(POOL))
    stack.output("UserPoolClientId", "Id of its client: UserPoolClient of the observability stack", Ref(CLIENT))
