window.YTD.following.part0 = [
  {
    "following" : {
      "accountId" : "1111111111",
      "userLink" : "https://twitter.com/intent/user?user_id=1111111111"
    }
  },
  {
    "following" : {
      "accountId" : "2222222222",
      "userLink" : "https://twitter.com/intent/user?user_id=2222222222"
    }
  }
]
